import { describe, expect, it } from 'vitest'
import { metrics } from '../../src/evaluate/metrics.ts'
import { renderResults } from '../../src/pipeline/results-page.ts'
import type { ResultsPage, ResultsRow } from '../../src/pipeline/results-page.ts'

const row = (system: string, food: readonly number[], kitchen: readonly number[], settings = {}): ResultsRow => ({
  system,
  settings,
  digest: system.padEnd(64, '0'),
  full: {
    all: metrics([...food, ...kitchen]),
    domains: { food: metrics(food), kitchen: metrics(kitchen) },
    ndcg10Interval: [0, 1],
  } as ResultsRow['full'],
})

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
  trained: {
    name: 'llm4cdsr',
    settings: { preset: 'product', width: 128 },
    embedder: 'minilm',
    backend: 'native',
    parameters: 9,
    epochs: 20,
    bestEpoch: 14,
    validationNdcg10: 0.04321,
  },
  rows: [row('vs-knn', [0, 3], [11, 30], { neighbours: 100 }), row('llm4cdsr', [0, 1], [2, 30])],
  comparison: {
    against: 'vs-knn', users: 4, difference: 0.125, t: 2, p: 0.0004, interval: [0.01, 0.2],
  },
}

describe('the page of results', () => {
  const text = renderResults(page)

  it('has HR@10 and NDCG@10 of every system, over all and in each domain', () => {
    const of = (name: string): string[] => text.split('\n').find((line) => line.includes(name))!.split(' | ')
    expect(text).toContain('| all HR@10 | all NDCG@10 | food HR@10 | food NDCG@10 | kitchen HR@10 | kitchen NDCG@10 |')
    expect(of('| vs-knn').slice(1)).toEqual(['0.5000', '0.3577', '1.0000', '0.7153', '0.0000', '0.0000 |'])
    expect(of('| **llm4cdsr**')[1]).toBe('0.7500')
    expect(of('| users')).toEqual(['| users', '4', '', '2', '', '2', ' |'])
  })

  it('says whether the difference to the best of the others can be told from chance', () => {
    expect(text).toContain('llm4cdsr is better than vs-knn')
    expect(text).toContain('NDCG@10 +0.1250 (95 % of resampled means lie within 0.0100 to 0.2000; paired t-test p < 0.001)')
    const against = (interval: [number, number]): string =>
      renderResults({ ...page, comparison: { ...page.comparison, difference: -0.01, p: 0.25, interval } })
    expect(against([-0.1, 0.1])).toContain('not told apart from vs-knn')
    expect(against([-0.1, -0.01])).toContain('worse than vs-knn')
    expect(against([-0.1, 0.1])).toContain('NDCG@10 -0.0100')
    expect(against([-0.1, 0.1])).toContain('p = 0.250')
  })

  it('says what it was made with and from what', () => {
    expect(text).toContain(`\n${page.command}\n`)
    expect(text).toContain('kCore none, ties input, seed 42')
    expect(text).toContain('- **vs-knn**: neighbours 100')
    expect(text).toContain('preset product, width 128')
    expect(text).toContain('best of 20 epochs is 14, validation NDCG@10 0.0432')
    expect(text).toContain('30 % of neighbouring events')
    for (const digest of ['abab', 'cdcd', 'efef', 'vs-knn00']) expect(text).toContain(`\`${digest}`)
  })

  it('names no folder of the machine and no time, so that equal runs write equal pages', () => {
    expect(renderResults(structuredClone(page))).toBe(text)
    expect(text).not.toMatch(/\/work|\d{4}-\d\d-\d\d/)
  })

  it('is well-formed: every row of a table has as many cells as its head', () => {
    for (const block of text.split('\n\n').filter((part) => part.startsWith('|'))) {
      expect(new Set(block.trim().split('\n').map((line) => line.split('|').length)).size).toBe(1)
    }
  })
})
