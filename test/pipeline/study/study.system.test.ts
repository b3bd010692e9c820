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

const study = (name: string, ...more: string[]) => runScript('study', [
  name, '--data', join(folder, 'shop'), '--smoke', '--backend', 'wasm', '--config', join(folder, 'config.json'),
  '--work', join(folder, 'work'), '--out', join(folder, `${name}.md`), '--cache', join(folder, 'cache'),
  ...more,
])
const pageOf = (name: string) => readFile(join(folder, `${name}.md`), 'utf8')

describe('npm run study', () => {
  it('leaves rows empty that there was no time for, says which, and fills them when it goes on', async () => {
    // A third of a second is over before the first cell has begun.
    const first = await study('llm4cdsr', '--hours', '0.0001')
    expect(first).toMatchObject({ status: 0 })
    expect(first.stdout).toContain('left: cold: sasrec-ids, seed 42')
    expect(await pageOf('llm4cdsr')).toContain('| llm4cdsr | 0 of 1 |  |')

    const second = await study('llm4cdsr')
    expect(second).toMatchObject({ status: 0 })
    expect(second.stdout).toContain('0 cells are left')
    const page = await pageOf('llm4cdsr')
    expect(page).toContain('A smoke run')
    expect(page).toContain('Every cell of this study is trained.')
    for (const row of ['llm4cdsr', 'without cluster', 'llm4cdsr, 25 %', 'beta 10', 'llm4cdsr with bert4rec',
      'llm4cdsr, ridge', 'llm4cdsr, zero', 'sasrec-ids, ids']) {
      expect(page).toMatch(new RegExp(`\\| ${row} \\| 1 \\| [01]\\.\\d{4} \\|`))
    }
    expect((await readdir(join(folder, 'llm4cdsr'))).sort())
      .toEqual(['ablations.svg', 'alpha.svg', 'beta.svg', 'cold.svg', 'main.svg', 'overlap.svg'])

    // Nothing is trained again, and the page says the same but for seconds.
    const third = await study('llm4cdsr')
    expect(third.stderr).toMatch(/(\d+) trainings, \1 of them done already/)
  }, 1_200_000)

  it('asks those of LLM-EDT, from synthetic events to what its second phase gains', async () => {
    const first = await study('llm-edt', '--hours', '0.0001')
    expect(first).toMatchObject({ status: 0 })
    for (const stage of ['augment (all): clusters', 'augment (all): generation', 'profile (aware): profiles']) {
      expect(first.stderr).toContain(`${stage} done in`)
    }
    expect(await pageOf('llm-edt')).toContain('Nothing of this is finished yet.')

    expect(await study('llm-edt')).toMatchObject({ status: 0 })
    const page = await pageOf('llm-edt')
    expect(page).toContain('Every cell of this study is trained.')
    expect(page).not.toContain('Nothing of this is finished yet.')
    for (const row of ['popularity', 'llm4cdsr', 'llm-edt-paper', 'llm-edt', 'without filter', 'random insertion',
      'without summarise-reform-analyse', 'tau 0.95', 'least r 0', 'residualRelu', 'llm-edt with bert4rec']) {
      expect(page).toMatch(new RegExp(`\\| ${row} \\| 1 \\| [01]\\.\\d{4} \\|`))
    }
    // Linear adapters that start at nothing: the same figure twice. The published form adds the domain's own thread.
    expect(page).toMatch(/\| llm-edt \| 42 \| linear, zero \| ([01]\.\d{4}) \| \1 \| [01]\.\d{4} \| \d \| [+-]/)
    expect(page).toContain('from zero, 1 of 1 start at the first phase\'s figure to the last digit')
    expect(page).toMatch(/\| residualRelu \| 42 \| residualRelu, zero \|/)
    expect(page).toMatch(/\| llm-edt-paper \| 42 \| linear, random \|/)
    expect(page).toMatch(/\| all \| extractive \| \d+ \| \d+ \|/)
    expect(page).toContain('Nothing was paid for')
    expect((await readdir(join(folder, 'llm-edt'))).sort()).toEqual([
      'ablations.svg', 'alpha.svg', 'cells', 'clusters.svg', 'generated.svg', 'injection.svg', 'main.svg', 'overlap.svg',
      'tau.svg',
    ])

    // Where nothing was trained, kept figures stand for it; one is trained for its weights, which are drawn.
    await rm(join(folder, 'work/cells'), { recursive: true })
    const again = await study('llm-edt')
    expect(again).toMatchObject({ status: 0 })
    const told = /(\d+) trainings, (\d+) of them done already, \2 by figures that were kept/.exec(again.stderr)!
    const [, all, known] = told
    expect(Number(known)).toBe(Number(all) - 1)
    expect(await readdir(join(folder, 'work/cells'))).toHaveLength(1)
    const timeless = (text: string): string => text.replaceAll(/\| \d+\.\d\d \| wasm/g, '| seconds | wasm')
    expect(timeless(await pageOf('llm-edt'))).toBe(timeless(page))
  }, 1_200_000)

  it('asks what LLM-RecG is worth where nobody has trained, beside what needs no training', async () => {
    const { status, stdout } = await study('llm-recg', '--jobs', '2')
    expect(status).toBe(0)
    expect(stdout).toContain('0 cells are left')
    const page = await pageOf('llm-recg')
    for (const row of ['sport: sasrec, one projection', 'cloth: bert4rec, LLM-RecG', 'cloth: without SG',
      'sport: disjoint halves of the users', 'sport: alpha 0.0001']) {
      expect(page).toMatch(new RegExp(`\\| ${row} \\| 1 \\| [01]\\.\\d{4} \\|`))
    }
    const [, told = ''] = page.split('## Every metric, by domain')
    for (const row of ['random', 'text-similarity', 'popularity', 'transitions', 'sport: sasrec, LLM-RecG',
      'sport: no text of a target']) {
      // In two domains, each ranked in two ways; with SASRec in the table of the map as well.
      expect(told.split(`\n| ${row} |`).length - 1).toBe(row.includes('sasrec') ? 5 : 4)
    }
    expect(told).not.toContain('halves')
    expect((await readdir(join(folder, 'llm-recg'))).sort()).toEqual(['alpha.svg', 'map.svg'])
    expect((await study('llm-recg')).stderr).toMatch(/(\d+) trainings, \1 of them done already/)
  }, 1_200_000)
})
