import { describe, expect, it } from 'vitest'
import type { Groups } from '../../../src/evaluate/groups.ts'
import { renderResults } from '../../../src/pipeline/results/results-page.ts'
import type { ResultsPage } from '../../../src/pipeline/results/results-page.ts'
import { resultsPictures } from '../../../src/pipeline/results/results-pictures.ts'
import { meanCurve, spread } from '../../../src/pipeline/results/rows.ts'
import type { Figures, ResultsRow } from '../../../src/pipeline/results/rows.ts'

const figures = (users: number, ...ndcg10: number[]): Figures =>
  ({ users, hr10: spread(ndcg10.map((value) => 2 * value)), ndcg10: spread(ndcg10) })
const byDomain = (...ndcg10: number[]) =>
  ({ all: figures(4, ...ndcg10), food: figures(2, ...ndcg10), kitchen: figures(2, ...ndcg10) })
const groups: Record<keyof Groups, Record<string, Figures>> = {
  inputLength: { '<5': figures(3, 0.1), '>=20': figures(1, 0.3) },
  targetPopularity: { 0: figures(4, 0.0125) },
  domainsInInput: { one: figures(4, 0.1) },
  targetDomainInInput: { yes: figures(4, 0.1) },
}
const row = (name: string, ndcg10: number[], rest: Partial<ResultsRow> = {}): ResultsRow => ({
  name,
  settings: { neighbours: 100 },
  full: byDomain(...ndcg10),
  sampled100: byDomain(...ndcg10.map((value) => value + 0.4)),
  groups,
  digests: [name.padEnd(64, '0')],
  ...rest,
})
const training = {
  backend: 'native',
  parameters: 123456,
  secondsPerEpoch: spread([10, 12]),
  bestEpochs: [14, 9],
  validationNdcg10: spread([0.04, 0.05]),
  curve: [{ epoch: 1, ndcg10: 0.02 }, { epoch: 2, ndcg10: 0.04 }, { epoch: 3, ndcg10: 0.03 }],
}
const counts = { items: 5, itemsWithoutTitle: 0, events: 20, users: 4, validTargets: 2, testTargets: 2 }
const page: ResultsPage = {
  command: 'npm run results -- --data ../shared/data/shop',
  data: {
    name: 'shop',
    files: [{ name: 'items.jsonl.gz', sha256: 'ab'.repeat(32) }],
    digest: 'cd'.repeat(32),
    candidates: 'ef'.repeat(32),
    users: 4,
    events: 40,
    statistics: {
      meanLength: 10, longest: 12, overlapUsers: 3, tiedShare: 0.302, domains: { food: counts, kitchen: counts },
    },
    settings: { kCore: 'none', ties: 'input', seed: 42 },
  },
  embedder: 'minilm',
  ours: 'llm4cdsr',
  called: 'outcome',
  seeds: [42, 43],
  tuned: true,
  jobs: 2,
  rows: [row('vs-knn', [0.025]), row('llm4cdsr', [0.03, 0.05], { settings: { preset: 'product', width: 128 }, training })],
  comparisons: [{
    against: 'vs-knn',
    by: {
      all: { users: 4, difference: 0.015, t: 2, p: 0.0004, interval: [0.01, 0.02] },
      food: { users: 2, difference: -0.01, t: 2, p: 0.25, interval: [-0.02, 0.01] },
      kitchen: { users: 2, difference: 0.015, t: 2, p: 0.01, interval: [0.01, 0.02] },
    },
  }],
  levers: [{ name: 'loss', instead: 'another loss', row: row('llm4cdsr without loss', [0.02]) }],
}

describe('mean and deviation over seeds', () => {
  it('are those of a sample; one seed has no deviation', () => {
    expect(spread([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 })
    expect(spread([7])).toEqual({ mean: 7 })
  })
})

describe('a learning curve over seeds', () => {
  it('is the mean of each epoch that every seed reached', () => {
    const seeds = [[0.25, 0.5, 0.75], [0.75, 1]].map((values) => values.map((value, i) => ({ epoch: i + 1, value })))
    expect(meanCurve(seeds)).toEqual([{ epoch: 1, ndcg10: 0.5 }, { epoch: 2, ndcg10: 0.75 }])
  })
})

describe('the pictures of results', () => {
  const [ndcg, curves] = resultsPictures(page).map(({ svg }) => svg)

  it('show every system, and how each trained one learnt, its best epoch marked', () => {
    expect(ndcg).toContain('vs-knn: all 0.025, food 0.025, kitchen 0.025.')
    expect(ndcg).toContain('llm4cdsr: all 0.04 ± 0.01414,')
    expect(ndcg).toMatch(/font-weight="bold">llm4cdsr</)
    expect(curves).toContain('llm4cdsr: from 0.02 at 1 to 0.03 at 3, highest 0.04 at 2.')
    expect(curves).not.toContain('vs-knn')
    const [, best] = /points="([^"]+)"/.exec(curves!)![1]!.split(' ')
    expect(curves).toContain(`class="mark" d="M${best!.replace(',', ' ')}m`)
  })

  it('stand on the page by the names of their files', () => {
    const shown = [...renderResults(page).matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file]) => file)
    expect(shown).toEqual(resultsPictures(page).map(({ suffix }) => `outcome${suffix}`))
  })
})

describe('the page of results', () => {
  const text = renderResults(page)
  const section = (title: string): string => text.split('\n## ').find((part) => part.startsWith(title))!
  const cells = (part: string, name: string): string[] =>
    part.split('\n').find((line) => line.startsWith(`| ${name} |`))!.split(' | ').slice(1)

  it('has HR@10 and NDCG@10 of every system over all and in each domain, the full ranking first', () => {
    const [first] = text.split('\n## ')
    expect(first).toContain('| all HR@10 | all NDCG@10 | food HR@10 | food NDCG@10 | kitchen HR@10 | kitchen NDCG@10 |')
    expect(cells(first!, 'vs-knn').slice(0, 2)).toEqual(['0.0500', '0.0250'])
    expect(cells(first!, '**llm4cdsr**').slice(0, 2)).toEqual(['0.0800 ± 0.0283', '0.0400 ± 0.0141'])
    expect(cells(section('Against 100'), 'vs-knn')[1]).toBe('0.4250')
    expect(text).toContain('2 seeds ± deviation (42, 43)')
  })

  it('compares ours with each row, in each domain, with interval and p', () => {
    expect(cells(section('llm4cdsr against'), 'vs-knn')).toEqual([
      '+0.0150 (+0.0100 to +0.0200)', '< 0.001', '-0.0100 (-0.0200 to +0.0100)', '0.250',
      '+0.0150 (+0.0100 to +0.0200)', '0.010 |',
    ])
  })

  it('shows what each part carries, who is served well, and what it costs', () => {
    expect(cells(section('What carries it'), 'loss')).toEqual(['0.0200', '0.0200', '0.0200', 'another loss |'])
    expect(cells(section('What carries it'), 'nothing (mean over seeds)')[0]).toBe('0.0400')
    expect(section('Who is served well')).toContain('nobody has ever bought it')
    expect(section('Who is served well')).toContain('0.0125')
    expect(cells(section('Cost'), 'llm4cdsr')).toEqual(['123456', '11.0', '14, 9', '0.0450 ± 0.0071', 'native |'])
    expect(section('Cost')).toContain('2 trainings at a time')
  })

  it('says what it was made with and from what', () => {
    expect(text).toContain(`\n${page.command}\n`)
    expect(text).toContain('kCore none, ties input, seed 42')
    expect(text).toContain('- **vs-knn**: neighbours 100')
    expect(text).toContain('preset product, width 128')
    expect(text).toContain('chosen by `npm run tune`')
    expect(renderResults({ ...page, tuned: false })).not.toContain('npm run tune')
    expect(text).toContain('30 % of neighbouring events')
    for (const digest of ['abab', 'cdcd', 'efef', 'vs-knn00']) expect(text).toContain(`\`${digest}`)
  })

  it('names no folder of the machine and no date', () => {
    expect(text).not.toMatch(/\/work|\d{4}-\d\d-\d\d/)
  })

  it('is well-formed: every row of a table has as many cells as its head', () => {
    for (const block of text.split('\n\n').filter((part) => part.startsWith('|'))) {
      expect(new Set(block.trim().split('\n').map((line) => line.split('|').length)).size).toBe(1)
    }
  })
})
