import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../src/evaluate/evaluate.ts'
import { metricsByDomain } from '../../../src/evaluate/metrics.ts'
import { packageRoot } from '../../../src/paths.ts'
import { COUNTING_BASELINES } from '../../../src/systems/baselines/counting.ts'
import type { CountingBaseline } from '../../../src/systems/baselines/counting.ts'
import { datasetOf } from '../../evaluate/fixtures.ts'

const file = join(packageRoot, '../shared/data/food-kitchen/interactions.csv.gz')

/** The rows of the design's table: HR@10, NDCG@10 over all, then NDCG@10 of each domain, and how near we must come. */
const TABLE: Record<CountingBaseline, { row: readonly number[], within: number }> = {
  popularity: { row: [0.0060, 0.0026, 0.0024, 0.0027], within: 0.0005 },
  transitions: { row: [0.0368, 0.0205, 0.0322, 0.0129], within: 0.0005 },
  'item-knn': { row: [0.0328, 0.0189, 0.0290, 0.0123], within: 0.0005 },
  'vs-knn': { row: [0.0451, 0.0256, 0.0405, 0.0159], within: 0.0015 },
}

/** The events in the order of the file, which is already by time within a user. */
function readEvents (): { sizes: number[], sequences: number[][] } {
  const rows = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1).map((line) => line.split(','))
  const byDomain = ['food', 'kitchen'].map((name) => [...new Set(rows.filter((row) => row[2] === name).map((row) => row[1]!))])
  const ids = new Map(byDomain.flat().map((itemId, i) => [itemId, i + 1]))
  const sequences = new Map<string, number[]>()
  for (const [user, item] of rows) {
    const sequence = sequences.get(user!) ?? []
    sequences.set(user!, sequence)
    sequence.push(ids.get(item!)!)
  }
  return { sizes: byDomain.map((items) => items.length), sequences: [...sequences.values()] }
}

describe('counting baselines on real purchases', () => {
  if (!existsSync(file) && process.env.CI === undefined) {
    it.skip('need ../shared/data/food-kitchen, which is not here', () => {})
    return
  }
  const { sizes, sequences } = readEvents()
  const dataset = datasetOf(sizes, sequences, { candidates: false })
  const domains = dataset.domains.map((domain, k) => ({ ...domain, name: ['food', 'kitchen'][k]! }))

  it.each(Object.keys(TABLE) as CountingBaseline[])('%s has the figures of the design', (name) => {
    const evaluation = evaluate(dataset, COUNTING_BASELINES[name](dataset), { split: 'test', mode: 'full' })
    const { all, domains: { food, kitchen } } = metricsByDomain(evaluation, domains)
    const { row, within } = TABLE[name]
    const found = [all.hr10, all.ndcg10, food!.ndcg10, kitchen!.ndcg10]
    for (const [i, expected] of row.entries()) expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(within)
    expect(all.users).toBe(7144)
  })
})
