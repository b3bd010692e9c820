import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript, TINY, writeTinyShop } from '../tiny-shop.ts'
import type { Ended } from '../tiny-shop.ts'

let folder: string
let first: Ended
const run = (...args: readonly string[]): Promise<Ended> => runScript('results', [
  '--data', join(folder, 'shop'), '--epochs', '1', '--seeds', '2', '--backend', 'wasm', '--jobs', '2',
  '--config', join(folder, 'config.json'), '--work', join(folder, 'work'), '--out', join(folder, 'results.md'),
  '--tuning', join(folder, 'tuning', 'shop.json'), ...args,
])
const page = (): string => readFileSync(join(folder, 'results.md'), 'utf8')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'results-'))
  writeTinyShop(join(folder, 'shop'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(TINY))
  first = await run()
})
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('npm run results', () => {
  it('writes a page with every baseline and every trained system, each with its own figures', () => {
    expect(first.status).toBe(0)
    expect(first.stderr).toContain('settings are those of the presets')
    const [table] = page().split('\n## ')
    const rows = table!.split('\n').filter((line) => /^\| (\*\*)?[a-z0-9-]+(\*\*)? \| 0\.\d{4} /.test(line))
    expect(rows.map((row) => row.split(' ')[1])).toEqual([
      'popularity', 'transitions', 'item-knn', 'vs-knn', 'gru4rec', 'bert4rec', 'sasrec-ids', 'sasrec-text',
      'sasrec-ids-text', 'llm4cdsr-paper', '**llm4cdsr**',
    ])
    expect(new Set(rows.map((row) => row.split(' | ').slice(1).join())).size).toBe(rows.length)
    expect(page()).toContain('80 users')
    expect(page()).toContain('2 seeds ± deviation (42, 43)')
    const picture = (name: string): string => readFileSync(join(folder, name), 'utf8')
    // A line for each trained system.
    expect(picture('results-learning-curves.svg').match(/<polyline /g)).toHaveLength(7)
    expect(picture('results-ndcg10.svg')).toMatch(/>vs-knn<[^]*>llm4cdsr</)
  })

  it('trains nothing again that is unchanged, and writes the same page', async () => {
    const before = page()
    const again = await run()
    expect(again.stderr.match(/: skipped, unchanged/g)).toHaveLength(6)
    expect(again.stderr).toMatch(/(\d+) trainings, \1 of them done already/)
    expect(page()).toBe(before)
  })

  it('trains a contestant with the settings that tuning chose, and says so', async () => {
    const { digest } = JSON.parse(readFileSync(join(folder, 'work/embeddings/manifest.json'), 'utf8')) as { digest: string }
    mkdirSync(join(folder, 'tuning'))
    writeFileSync(join(folder, 'tuning/shop.json'), JSON.stringify({
      format: 1,
      embeddings: digest,
      contestants: { gru4rec: { chosen: 1, configurations: [{ number: 1, settings: { dropout: 0.45 } }] } },
    }))
    const tuned = await run()
    expect(tuned.status).toBe(0)
    expect(page()).toContain('chosen by `npm run tune`')
    expect(page()).toMatch(/- \*\*gru4rec\*\*: .*dropout 0\.45/)
    expect(page()).toMatch(/- \*\*sasrec-ids\*\*: .*dropout 0\.3,/)
  })
})
