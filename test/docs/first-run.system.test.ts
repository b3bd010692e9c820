import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, hasChromium, openBrowser } from '../../bench/page/browser.ts'
import { PATIENCE, tourPlayground, wordsOf } from '../../bench/page/tour.ts'
import { commandsOf, repository } from './commands.ts'

const inCi = process.env.CI !== undefined

/**
 * A clone of what is committed, and the README from its top: the first commands, the questions, and the page, up to the
 * pictures that it shows. Packages are those that are here, linked: that `npm ci` fetches them `.ci/run` shows, which
 * also runs `npm test`.
 */
// Absent on a machine where nobody installed a browser; CI has it, and fails without.
describe.skipIf(!hasChromium && !inCi)(`a clean clone, the README followed${hasChromium ? '' : ` (skipped: ${CHROMIUM} is not there)`}`, () => {
  let clone: string
  let readme: string
  let service: ChildProcess
  let browser: Browser
  let address: string

  beforeAll(async () => {
    clone = join(mkdtempSync(join(tmpdir(), 'isthmus-clone-')), 'isthmus')
    run('git', ['clone', '--quiet', repository, clone])
    run('cp', ['-al', join(repository, 'node_modules'), join(clone, 'node_modules')])
    readme = readFileSync(join(clone, 'README.md'), 'utf8')
    const [install, start] = commandsOf('README.md', readme)
    expect([install?.command, start?.command]).toEqual(['npm ci', 'npm start'])
    // A port that is free here instead of 3000; neighbours of a test on a busy machine must not decide its answers.
    const env = { ...process.env, PORT: '0', REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '60000' }
    service = spawn('npm', ['start'], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    address = await addressOf(service)
    browser = await openBrowser()
    // A clone compiles all of it before it starts, which takes minutes where every core is taken.
  }, 900_000)
  afterAll(async () => {
    await browser?.close()
    if (service?.pid !== undefined && service.exitCode === null) {
      const ended = once(service, 'exit')
      // npm and what it started.
      process.kill(-service.pid, 'SIGTERM')
      await ended
    }
    rmSync(join(clone, '..'), { recursive: true, force: true })
  })

  it('is answered by history, by session and by what is popular, as the README asks', () => {
    const [, asked = ''] = readme.split('\n## Ask it something\n')
    const questions = commandsOf('README.md', asked.split('\n## ')[0]!)
    expect(questions).toHaveLength(3)
    const bases = questions.map(({ command }) => {
      const { items, basis } = JSON.parse(run('bash', ['-c', command.replaceAll('http://127.0.0.1:3000', address)])) as
        { items: unknown[], basis: string }
      expect(items.length).toBeGreaterThan(0)
      return basis
    })
    expect(bases).toEqual(['history', 'history', 'popular'])
  })

  it('ends at the pictures that README and guides show: the page says and offers what they do', async () => {
    const reached: string[] = []
    await tourPlayground(browser, address, async (page, name) => {
      const pictured = readFileSync(join(clone, 'docs/pictures', `${name}.yaml`), 'utf8')
      // Taken anew by `npm run screenshots`.
      expect(await wordsOf(page), `docs/pictures/${name}.png`).toBe(pictured)
      reached.push(`docs/pictures/${name}.png`)
    })
    const shown = [...readme.matchAll(/!\[[^\]]+\]\(([^)]+\.png)\)/g)].map(([, path]) => path)
    expect(shown.length).toBeGreaterThan(0)
    expect(shown.filter((path) => !reached.includes(path!))).toEqual([])
  })

  it('is asked by the lines that the client\'s README shows, which compile as they stand', () => {
    const folder = join(clone, 'client')
    const [, lines = ''] = /^```ts\n([^]*?)^```$/m.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
    const told = 'console.log(JSON.stringify({ basis, items: items.length }))\n'
    writeFileSync(join(folder, 'shown.ts'), lines.replaceAll('http://127.0.0.1:3000', address) + told)
    const compiler = join(clone, 'node_modules/typescript/bin/tsc')
    run(process.execPath, [compiler, '--strict', '--skipLibCheck', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable',
      '--module', 'nodenext', '--rewriteRelativeImportExtensions', '--outDir', join(folder, 'out'), join(folder, 'shown.ts')])
    expect(JSON.parse(run(process.execPath, [join(folder, 'out/shown.js')]))).toEqual({ basis: 'history', items: 5 })
  })

  it('has its reference at /docs, as the README says', async () => {
    const page = await browser.newPage()
    page.setDefaultTimeout(PATIENCE)
    await page.goto(`${address}/docs`)
    await page.getByText('/recommend').first().waitFor()
    await page.close()
  })
})

function run (command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

/** Where a service that was just started answers; fails with its log where it ends instead. */
async function addressOf (service: ChildProcess): Promise<string> {
  let printed = ''
  return await new Promise((resolve, reject) => {
    service.once('exit', (status) => { reject(new Error(`npm start ended with ${status}:\n${printed}`)) })
    for (const stream of [service.stdout!, service.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        const [, found] = /answers at (\S+)/.exec(printed) ?? []
        if (found !== undefined) resolve(found)
      })
    }
  })
}
