import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyShop } from '../pipeline/tiny-shop.ts'
import { type Installed, installPackage } from '../support/installed.ts'
import { commandsOf, isLeft, isthmusCall, pages, repository, type Shown, SMALL } from './commands.ts'

const here = pages().flatMap((page) => commandsOf(page)).filter(({ command }) => !isLeft(command))
const calls = new Map(here.flatMap(({ command }) => {
  const call = isthmusCall(command)
  // Made small, two calls of one measurement are the same.
  return call === undefined
    ? []
    : [[call.name in SMALL ? call.name : [call.name, ...call.args].join(' '), call] as const]
}))
/** What another one reads has to be made before: steps in the order of a chain, everything else as it comes. */
const ORDER = [
  'prepare', 'embed', 'augment', 'profile', 'train', 'evaluate', 'export', 'add-domain', 'import-events', 'state', 'start',
]
const inOrder = [...calls].sort(([, a], [, b]) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))
const questions = here.filter(({ command }) => /^(curl|python3) /.test(command))
const asked = [...new Map(questions.map((one) => [one.command, one])).values()]

/**
 * Every command that the README and the pages of docs/ show is typed here to the letter, in a folder with a tiny shop,
 * with the package installed beside it; `commands.ts` names the few that another test runs.
 */
describe('the commands of the pages', () => {
  let installed: Installed
  const env = {
    ...process.env,
    OPENAI_API_KEY: 'sk-none',
    LOG_LEVEL: 'warn',
    // Neighbours of a test on a busy machine must not decide its answers.
    REQUEST_TIMEOUT_MS: '5000',
    MAX_LOOP_DELAY_MS: '60000',
  }
  const run = (args: readonly string[]) =>
    spawnSync(installed.bin, args, { cwd: installed.folder, encoding: 'utf8', env })

  beforeAll(() => {
    installed = installPackage()
    writeTinyShop(join(installed.folder, 'shop'))
    mkdirSync(join(installed.folder, 'data/shop'), { recursive: true })
    writeFileSync(join(installed.folder, 'food.jsonl'), ['Dark roast coffee', 'Green tea', 'Oat biscuits']
      .map((title, n) => `${JSON.stringify({ item_id: `f${n}`, domain: 'food', title })}\n`).join(''))
  })
  afterAll(() => { installed.remove() })

  it('say what there is without a command, and what was meant by a wrong one', () => {
    expect(run([])).toMatchObject({ status: 0, stdout: expect.stringContaining('npx isthmus <command>') })
    expect(run(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(run(['trian'])).toMatchObject({ status: 64, stderr: expect.stringContaining('did you mean train?') })
  })

  it.each(inOrder.filter(([, { name }]) => name !== 'start').map(([line, { name, args }]) => [line, name, args] as const))(
    'end well: %s', (_, name, args) => {
      const { status, stdout, stderr } = run([name, ...args, ...SMALL[name] ?? []])
      expect(status, stderr).toBe(0)
      expect(stdout.trim()).not.toBe('')
      if (args.includes('--json')) expect(() => JSON.parse(stdout)).not.toThrow()
    })

  describe('that start a service', () => {
    it.each(inOrder.filter(([, { name }]) => name === 'start').map(([line, { args }]) => [line, args] as const))(
      'are told its address: %s', async (_, args) => {
        const { child } = await start(args)
        await stop(child)
      })
  })

  describe('that ask one', () => {
    let service: Awaited<ReturnType<typeof start>>
    beforeAll(async () => { service = await start([]) })
    afterAll(async () => { await stop(service.child) })

    it.each(asked.map((one) => [one.command, one] as const))('are answered: %s', (_, { command, answer }: Shown) => {
      const local = command.replaceAll('http://127.0.0.1:3000', service.address)
      const { status, stdout, stderr } = spawnSync('bash', ['-c', local], { cwd: repository, encoding: 'utf8' })
      expect(status, stderr).toBe(0)
      if (/\/metrics$/.test(command)) expect(stdout).toContain('isthmus_recommendations_total')
      else if (/-X DELETE/.test(command)) expect(stdout).toBe('')
      else if (command.startsWith('python3')) expect(stdout.trim().split('\n')).toHaveLength(5)
      else expect(JSON.parse(stdout)).not.toHaveProperty('code')
      if (answer !== '') expect(shapeOf(JSON.parse(stdout))).toEqual(shapeOf(JSON.parse(answer)))
    })

    it('has the shape of the answer that the README shows, which is of a bundle that is not here', async () => {
      const [shown] = commandsOf('README.md').filter(({ answer }) => answer !== '' && answer.startsWith('{'))
      const response = await fetch(`${service.address}/recommend?domain=sport`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ history: [{ itemId: 'cloth-0001' }, { itemId: 'cloth-0002' }], k: 3 }),
      })
      expect(shapeOf(await response.json())).toEqual(shapeOf(JSON.parse(shown!.answer.split('\n\n')[0]!)))
    })
  })

  async function start (args: readonly string[]): Promise<{ child: ChildProcess, address: string }> {
    const port = args.includes('--port') ? [] : ['--port', '0']
    const child = spawn(installed.bin, ['start', ...args, ...port], { cwd: installed.folder, env })
    let [printed, log] = ['', '']
    child.stderr.setEncoding('utf8').on('data', (text: string) => { log += text })
    const address = await new Promise<string>((resolve, reject) => {
      child.on('exit', (status) => { reject(new Error(`ended with ${status}\n${log}`)) })
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        const [, found] = /answers at (\S+)/.exec(printed) ?? []
        if (found !== undefined) resolve(found)
      })
    })
    return { child, address }
  }

  async function stop (child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  }
})

/** The kind of every value, of a list that of its first member. */
function shapeOf (value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, member]: [string, unknown]) => [name, shapeOf(member)]))
}
