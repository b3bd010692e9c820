import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../src/data/dataset-files.ts'
import { compiled } from '../../src/paths.ts'
import { RAW } from './published/raw-files.ts'
import { EVENTS, HEADER, ITEMS } from './shop.ts'

const script = fileURLToPath(compiled('scripts/prepare.ts'))
let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-prepare-')) })
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
const command = (...flags: string[]) => promisify(execFile)(process.execPath, [script, ...flags])

describe('the command prepare', () => {
  beforeAll(async () => {
    await writeFile(at('interactions.csv'), EVENTS)
    await writeFile(at('items.csv'), ITEMS)
  })

  it('writes a dataset, prints one line of result, and does nothing when nothing changed', async () => {
    const flags = ['--in', at('interactions.csv'), at('items.csv'), '--out', at('out'), '--k-core', 'none', '--seed', '7']
    const { stdout } = await command(...flags)
    expect(stdout).toMatch(/out: 2 users, 6 events, items: 2 sport, 1 cloth; digest [0-9a-f]{12}\n$/)
    expect((await openDataset(at('out'))).candidates.seed).toBe(7)
    expect((await command(...flags)).stdout).toMatch(/\(unchanged\)\n$/)
  })

  it('prepares a published set from its own files, and prints its sizes beside the published ones', async () => {
    await mkdir(at('raw/reviews'), { recursive: true })
    for (const [name, content] of Object.entries(RAW['amazon-v2-cloth-sport'])) {
      await writeFile(at(`raw/${name.startsWith('meta') ? '' : 'reviews/'}${name}`), content)
    }
    const flags = ['--in', at('raw'), '--out', at('out-raw'), '--source', 'amazon-v2-cloth-sport', '--k-core', '3,1']
    const { stdout } = await command(...flags)
    expect(stdout).toContain('| cloth: users | 3 | 9,933 |')
    expect(stdout).toMatch(/3 users, 12 events, items: 2 cloth, 2 sport; digest [0-9a-f]{12}\n$/)
    expect((await command(...flags, '--after', '2019-02-14')).stdout).not.toContain('12 events,')
  })

  it('takes settings from a file, and a flag over the file', async () => {
    await writeFile(at('config.json'), JSON.stringify({ kCore: 'none', seed: 1, domains: ['cloth', 'sport'] }))
    const { stdout } = await command('--in', at('interactions.csv'), at('items.csv'), '--out', at('out-config'),
      '--config', at('config.json'), '--seed', '2')
    expect(stdout).toContain('items: 1 cloth, 2 sport')
    expect((await openDataset(at('out-config'))).candidates.seed).toBe(2)
  })

  it('names bad rows and stops above one in a hundred, with a code and without a directory', async () => {
    await writeFile(at('interactions-bad.csv'), `${EVENTS}ann,s1,sport,soon\n`)
    const failed = command('--in', at('interactions-bad.csv'), at('items.csv'), '--out', at('out-bad'), '--k-core', 'none')
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /left out: interactions-bad\.csv:8: timestamp is neither[^]*prepare: too_many_bad_rows: 1 of 7/) as string,
    })
    expect(await readdir(folder)).not.toContain('out-bad')
  })

  it.each([
    [['--in', '/nowhere'], 78, 'config_invalid: --out is missing'],
    [['--in', '/nowhere', '--out', 'x', '--colour', 'red'], 78, 'config_invalid'],
    [['--in', '/nowhere', '--out', 'x', '--k-core', 'five'], 78, 'config_invalid: kCore is'],
    [['--in', '/nowhere', '--out', 'x', '--source', 'amazon'], 78, 'config_invalid: source is one of amazon-v2-cloth-sport'],
    [['--in', '/nowhere', '--out', 'x'], 1, 'input_missing: /nowhere does not exist'],
  ])('refuses %j with status %i', async (flags, code, message) => {
    await expect(command(...flags)).rejects.toMatchObject({ code, stderr: expect.stringContaining(message) as string })
  })

  it('ends at Ctrl-C with 130, and leaves the old dataset and nothing else', async () => {
    await command('--in', at('interactions.csv'), at('items.csv'), '--out', at('out-stop'), '--k-core', 'none')
    const old = await openDataset(at('out-stop'))
    const rows = Array.from({ length: 2e6 }, (_, i) => `u${i % 99_991},i${i % 9973},sport,${1.4e9 + i}`)
    await writeFile(at('interactions-big.csv'), `${HEADER}\n${rows.join('\n')}`)

    const child = spawn(process.execPath, [script, '--in', at('interactions-big.csv'), at('items.csv'), '--out', at('out-stop')])
    let said = ''
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString()
      // The first line of progress: it has begun to read.
      if (said.includes('reading interactions') && !child.killed) child.kill('SIGINT')
    })
    const [code] = await new Promise<unknown[]>((resolve) => child.on('close', (...ended) => resolve(ended)))
    expect({ code, said }).toMatchObject({ code: 130, said: expect.stringContaining('prepare: interrupted') as string })
    expect((await openDataset(at('out-stop'))).digest).toBe(old.digest)
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  })
})
