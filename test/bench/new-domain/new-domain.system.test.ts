import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from '../../pipeline/tiny-shop.ts'

const input = resolve(import.meta.dirname, '../../../../shared/data/food-kitchen')
const absent = !existsSync(input) && process.env.CI === undefined
const USERS = 400

let folder: string

async function linesOf (name: string): Promise<string[]> {
  const lines: string[] = []
  const stream = createReadStream(join(input, name)).pipe(createGunzip())
  for await (const line of createInterface({ input: stream })) if (line !== '') lines.push(line)
  return lines
}

/** The first users of the log, one domain of it or both, with the items that they had. */
async function writeLog (name: string, keeps: (domain: string) => boolean): Promise<string> {
  const [head = '', ...rows] = await linesOf('interactions.csv.gz')
  const at = (column: string): number => head.split(',').indexOf(column)
  const of = (row: string, column: string): string => row.split(',')[at(column)]!
  const users = new Set([...new Set(rows.map((row) => of(row, 'user_id')))].slice(0, USERS))
  const kept = rows.filter((row) => users.has(of(row, 'user_id')) && keeps(of(row, 'domain')))
  const bought = new Set(kept.map((row) => of(row, 'item_id')))
  const items = (await linesOf('items.jsonl.gz')).filter((line) => bought.has((JSON.parse(line) as { item_id: string }).item_id))
  const dir = join(folder, name)
  await mkdir(dir)
  await writeFile(join(dir, 'interactions.csv'), [head, ...kept, ''].join('\n'))
  await writeFile(join(dir, 'items.jsonl'), [...items, ''].join('\n'))
  return dir
}

describe.skipIf(absent)(`a domain that nobody has trained on${absent ? ` (skipped: ${input} is not here)` : ''}`, () => {
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-new-domain-')) })
  afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

  it('is opened in a bundle of kitchen items alone, and food is found there better than by chance', async () => {
    const kitchen = await writeLog('kitchen', (domain) => domain === 'kitchen')
    const both = await writeLog('both', () => true)
    await writeFile(join(folder, 'config.json'), JSON.stringify({
      prepare: { kCore: 'none', ties: 'input' }, train: { epochs: 2, width: 64, sharedNegatives: 512 },
    }))
    const trained = await runScript('pipeline', [
      '--data', kitchen, '--system', 'llm-recg', '--name', 'kitchen', '--models', join(folder, 'models'),
      '--work', join(folder, 'work'), '--config', join(folder, 'config.json'), '--backend', 'wasm',
    ])
    expect(trained, trained.stderr).toMatchObject({ status: 0 })
    const asked = await runScript('bench-new-domain', [
      '--bundle', join(folder, 'models/kitchen'), '--data', both, '--domain', 'food', '--json',
    ])
    expect(asked, asked.stderr).toMatchObject({ status: 0 })
    const found = JSON.parse(asked.stdout) as Record<string, number>
    expect(found['users']).toBeGreaterThan(300)
    expect(found['items']).toBeGreaterThan(1000)
    expect(found['ingestSeconds']).toBeGreaterThan(0)
    expect(found['hr10']).toBeGreaterThan(2 * found['random']!)
    expect(found['p']).toBeLessThan(0.01)

    const refused = await runScript('bench-new-domain', [
      '--bundle', join(folder, 'models/kitchen'), '--data', both, '--domain', 'kitchen',
    ])
    expect(refused).toMatchObject({ status: 78 })
  }, 1_200_000)
})
