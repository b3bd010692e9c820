import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { target } from '../../src/data/dataset.ts'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { metrics } from '../../src/evaluate/metrics.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf, type LoadedTf } from '../../src/nn/tf.ts'
import { chooseMaps, withMappedRows } from '../../src/pipeline/export/choose-maps.ts'
import { type MapParts, rowMap } from '../../src/pipeline/export/item-maps.ts'
import { createRandom } from '../../src/random.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { createModel } from '../../src/train/model.ts'
import { plantedShop } from '../train/planted.ts'

const SHOP = plantedShop({ users: 800, length: 8 })
const { dataset, texts } = SHOP

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('wasm') })
afterAll(() => loaded.close())

/** A model with the weights that it starts from, but for what `change` gives. */
function parts (
  overrides: Record<string, unknown>, change: (weights: Weights) => Weights = (weights) => weights,
  { dataset, texts } = SHOP
): MapParts {
  const settings = resolveSettings('llm4cdsr', 'product', texts.width, {
    width: 6, layers: 1, length: 8, globalItems: 'text', ...overrides,
  })
  const spec = systemSpec(settings, dataset.domains)
  return { dataset, texts, settings, spec, weights: change(initialWeights(spec, settings, dataset.domains, texts)) }
}

/** The local table as a linear map of the texts, which ridge regression finds. */
function linear (weights: Weights): Weights {
  const random = createRandom(4, 'linear')
  const values = Float32Array.from({ length: 6 * 12 + 6 }, () => random.normal())
  const ids = Int32Array.from(dataset.items.keys(), (i) => i + 1)
  return withMappedRows(weights, texts, 'items.local', ids, { values, method: 'ridge' })
}

const validation = (given: MapParts, users: readonly number[]): number => {
  const model = createModel(loaded.tf, given)
  const { ranks } = evaluate(dataset, model.scorer(), { split: 'valid', mode: 'full', users })
  model.dispose()
  return metrics(ranks).ndcg10
}

describe('the vectors of items without a trained row', () => {
  it('come from the method that ranks items best whose rows are forgotten', () => {
    const given = parts({}, linear)
    const { item, locals } = chooseMaps(loaded.tf, given)
    expect(item.method).toBe('fold')
    expect(item.heldOut).toBeUndefined()
    for (const { method, heldOut } of locals) {
      const { ndcg10, users, items } = heldOut!
      expect(Object.keys(ndcg10)).toEqual(['ridge', 'pca', 'zero'])
      expect(ndcg10[method]).toBe(Math.max(...Object.values(ndcg10)))
      expect(items).toBe(2)
      expect(users).toBeGreaterThanOrEqual(20)
    }
  })

  it('are as good as trained ones where texts say all that a row holds', () => {
    const given = parts({}, linear)
    const all = Int32Array.from(dataset.items.keys(), (i) => i + 1)
    const learnt = rowMap(given, 'items.local', 'ridge', all.filter((id) => id % 10 !== 0))
    const held = all.filter((id) => id % 10 === 0)
    const users = [...dataset.users.keys()].filter((user) => target(dataset, user, 'valid') % 10 === 0)
    const weights = withMappedRows(given.weights, texts, 'items.local', held, learnt)
    expect(learnt.unexplained).toBeLessThan(0.05)
    expect(validation({ ...given, weights }, users)).toBeCloseTo(validation(given, users), 1)
    const empty = withMappedRows(given.weights, texts, 'items.local', held, rowMap(given, 'items.local', 'zero', all))
    expect(empty.get('items.local')!.data.subarray(9 * 6, 10 * 6)).toEqual(new Float32Array(6))
    expect(empty.get('items.local')!.data.subarray(0, 6)).toEqual(given.weights.get('items.local')!.data.subarray(0, 6))
  })

  it('leave out a table over ids beside texts where that does better', () => {
    // Rows that no text foretells: what ridge regression makes of them is the mean.
    const given = parts({ globalItems: 'textAndIds' }, (weights) => new Map(weights).set('items.ids', {
      shape: [dataset.items.length, 6],
      data: weights.get('items.ids')!.data.map((value) => 100 * value),
    }))
    const { item, locals } = chooseMaps(loaded.tf, given)
    expect(Object.keys(item.heldOut!.ndcg10)).toEqual(['ridge', 'zero'])
    expect(item.heldOut!.ndcg10[item.method]).toBe(Math.max(...Object.values(item.heldOut!.ndcg10)))
    expect(locals).toHaveLength(2)
  })

  it('are chosen without measuring where too few targets are among those held out', () => {
    const few = plantedShop({ users: 30, length: 8 })
    expect(chooseMaps(loaded.tf, parts({}, undefined, few)).locals.map(({ method, heldOut }) => [method, heldOut]))
      .toEqual([['pca', undefined], ['pca', undefined]])
    const random = chooseMaps(loaded.tf, parts({ localInit: 'random' }, undefined, few))
    expect(random.locals.map(({ method }) => method)).toEqual(['ridge', 'ridge'])
    const moved = chooseMaps(loaded.tf, parts({}, (weights) => new Map(weights).set('items.local', {
      shape: [40, 6], data: weights.get('items.local')!.data.map((value) => 2 * value),
    }), few))
    expect(moved.locals.map(({ method }) => method)).toEqual(['ridge', 'ridge'])
  })

  it('need no choice where a system has no tables, or nothing but one over ids', () => {
    const settings = (system: string) => resolveSettings(system, 'product', texts.width, { width: 6, layers: 1, length: 8 })
    for (const [system, method] of [['sasrec-text', 'fold'], ['sasrec-ids', 'ridge']] as const) {
      const own = settings(system)
      const spec = systemSpec(own, dataset.domains)
      const weights = initialWeights(spec, own, dataset.domains, texts)
      const { item, locals } = chooseMaps(loaded.tf, { dataset, texts, settings: own, spec, weights })
      expect([item.method, item.heldOut, locals]).toEqual([method, undefined, []])
    }
  })
})
