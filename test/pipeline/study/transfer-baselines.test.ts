import { expect, it } from 'vitest'
import { evaluate } from '../../../src/evaluate/evaluate.ts'
import { metrics } from '../../../src/evaluate/metrics.ts'
import { TRANSFER_BASELINES, transferScorer, transferSet } from '../../../src/pipeline/study/transfer-baselines.ts'
import { faithfulShop } from '../../train/planted.ts'

it('ranks by what each baseline knows, each domain in its own sequences', () => {
  const { dataset, texts } = faithfulShop()
  const whole = transferSet(dataset)
  const found = Object.fromEntries(TRANSFER_BASELINES.map((name) => [
    name, metrics(evaluate(whole, transferScorer(name, whole, texts), { split: 'test', mode: 'full' }).ranks),
  ]))
  const { size } = dataset.domains[0]!
  expect(found['random']!.hr5).toBeGreaterThan(0)
  expect(found['random']!.hr5).toBeLessThan(3 * 5 / size)
  // Users of this shop are faithful to a topic, which the texts tell.
  expect(found['text-similarity']!.hr5).toBeGreaterThan(2 * found['random']!.hr5)
  expect(found['transitions']!.users).toBe(whole.users.length)
  expect(found['popularity']!.users).toBe(whole.users.length)
})
