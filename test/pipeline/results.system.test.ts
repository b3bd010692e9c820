import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript, TINY, writeTinyShop } from './tiny-shop.ts'
import type { Ended } from './tiny-shop.ts'

let folder: string
let first: Ended
const run = (): Promise<Ended> => runScript('results', [
  '--data', join(folder, 'shop'), '--epochs', '1', '--backend', 'wasm', '--config', join(folder, 'config.json'),
  '--work', join(folder, 'work'), '--out', join(folder, 'results.md'),
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
  it('writes a page with every baseline and the trained system, each with its own figures', () => {
    expect(first.status).toBe(0)
    const rows = page().split('\n').filter((line) => /^\| (\*\*)?[a-z0-9-]+(\*\*)? \| 0\.\d{4} /.test(line))
    expect(rows.map((row) => row.split(' ')[1])).toEqual([
      'popularity', 'transitions', 'item-knn', 'vs-knn', '**llm4cdsr**',
    ])
    expect(new Set(rows.map((row) => row.split(' | ').slice(1).join())).size).toBe(5)
    expect(page()).toContain('80 users')
  })

  it('does nothing again that is unchanged, and writes the same page', async () => {
    const before = page()
    const again = await run()
    expect(again.stderr.match(/: skipped, unchanged/g)).toHaveLength(8)
    expect(page()).toBe(before)
  })
})
