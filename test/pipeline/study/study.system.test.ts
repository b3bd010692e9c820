import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript, TINY, writeTinyShop } from '../tiny-shop.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-study-'))
  writeTinyShop(join(folder, 'shop'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(TINY))
})
afterAll(() => rm(folder, { recursive: true }))

const study = (...more: string[]) => runScript('study', [
  'llm4cdsr', '--data', join(folder, 'shop'), '--smoke', '--backend', 'wasm', '--config', join(folder, 'config.json'),
  '--work', join(folder, 'work'), '--out', join(folder, 'page.md'), ...more,
])

describe('npm run study', () => {
  it('leaves rows empty that there was no time for, says which, and fills them when it goes on', async () => {
    // A third of a second is over before the first cell has begun.
    const first = await study('--hours', '0.0001')
    expect(first).toMatchObject({ status: 0 })
    expect(first.stdout).toContain('left: cold: sasrec-ids, seed 42')
    expect(await readFile(join(folder, 'page.md'), 'utf8')).toContain('| llm4cdsr | 1 |  |')

    const second = await study()
    expect(second).toMatchObject({ status: 0 })
    expect(second.stdout).toContain('0 cells are left')
    const page = await readFile(join(folder, 'page.md'), 'utf8')
    expect(page).toContain('A smoke run')
    expect(page).toContain('Every cell of this study is trained.')
    for (const row of ['llm4cdsr', 'without cluster', 'llm4cdsr, 25 %', 'beta 10', 'llm4cdsr with bert4rec',
      'llm4cdsr, ridge', 'llm4cdsr, zero', 'sasrec-ids, ids']) {
      expect(page).toMatch(new RegExp(`\\| ${row} \\| 1 \\| [01]\\.\\d{4} \\|`))
    }
    expect((await readdir(join(folder, 'page'))).sort())
      .toEqual(['ablations.svg', 'alpha.svg', 'beta.svg', 'cold.svg', 'main.svg', 'overlap.svg'])

    // Nothing is trained again, and the page says the same but for seconds.
    const third = await study()
    expect(third.stderr).toMatch(/(\d+) trainings, \1 of them done already/)
  }, 1_200_000)
})
