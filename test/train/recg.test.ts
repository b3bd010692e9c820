import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { metricsByDomain } from '../../src/evaluate/metrics.ts'
import type { Scorer } from '../../src/evaluate/scorer.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { popularity } from '../../src/systems/baselines/popularity.ts'
import { testSet, trainingSet } from '../../src/systems/recg/sequences.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { train } from '../../src/train/loop.ts'
import type { TrainControl, Trained, TrainParts } from '../../src/train/loop.ts'
import { createModel } from '../../src/train/model.ts'
import type { TrainingState } from '../../src/train/state.ts'
import { textPools } from '../../src/train/text-pools.ts'
import { faithfulShop } from './planted.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('wasm') })
afterAll(() => loaded.close())

const SMALL = {
  width: 8,
  layers: 1,
  batchSize: 16,
  sharedNegatives: 16,
  learningRate: 0.01,
  epochs: 6,
  dropout: 0,
  patterns: 3,
  source: 'A',
  subDomains: 2,
  alpha: 0.01,
  fuseEpochs: 2,
}

function parts (overrides: Record<string, unknown> = {}): TrainParts {
  const { dataset, texts } = faithfulShop()
  const settings = resolveSettings('llm-recg', 'product', texts.width, { ...SMALL, ...overrides })
  return { tf: loaded.tf, dataset, texts, settings, spec: systemSpec(settings, dataset.domains) }
}

function hr5 (given: TrainParts, scorer: Scorer): Record<string, number> {
  const dataset = testSet(given.dataset, given.settings)
  const { domains } = metricsByDomain(evaluate(dataset, scorer, { split: 'test', mode: 'full' }), dataset.domains)
  return Object.fromEntries(Object.entries(domains).map(([name, found]) => [name, found.hr5]))
}

function tested (given: TrainParts, { weights }: Trained): Record<string, number> {
  const model = createModel(loaded.tf, { ...given, dataset: testSet(given.dataset, given.settings), weights })
  try {
    return hr5(given, model.scorer())
  } finally {
    model.dispose()
  }
}

describe('llm-recg in training', () => {
  it('learns from one domain what beats popularity in another that it has seen no event of', async () => {
    const given = parts()
    const trained = await train(given)
    const [ours, popular] = [tested(given, trained), hr5(given, popularity(testSet(given.dataset, given.settings)))]
    expect(ours.A).toBeGreaterThan(2 * popular.A!)
    expect(ours.B).toBeGreaterThan(2 * popular.B!)
    expect(Object.keys(trained.curve[0]!.losses)).toEqual(['loss', 'rec.A', 'gen.intra', 'gen.inter'])
  })

  it('keeps what it began with where no epoch of either phase is better, and counts it as epoch 0', async () => {
    const given = parts({ learningRate: 5, epochs: 3, patience: 2 })
    let began: Trained['weights'] | undefined
    const onStart: TrainControl['onStart'] = (weights) => { began = structuredClone(weights) }
    const { best, start, curve, weights } = await train(given, { onStart })
    const gained = curve.filter(({ metrics }) => metrics['ndcg10']! > start!.metrics['ndcg10']!)
    expect(gained).toEqual([])
    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
    expect(best).toMatchObject({ epoch: 0, ndcg10: start!.metrics['ndcg10'] })
    expect(weights).toEqual(began)
    expect((await train(parts({ learningRate: 5, epochs: 1, start: 'random' }))).start).toBeUndefined()
  })

  it('goes over into its second phase and on from a stop in it, to the same bits', async () => {
    const given = parts({ epochs: 1, dropout: 0.2 })
    const names: string[] = []
    const states: TrainingState[] = []
    const control: TrainControl = { save: async (state) => { states.push(structuredClone(state)) } }
    const whole = await train(given, control)
    names.push(...states.map(({ phase }) => String(phase)))
    expect(names).toEqual(['0', '1', '1'])
    const { weights } = states[1]!
    expect(weights.get('fusion.patterns')!.shape).toEqual([3, 8])
    expect(weights.get('fusion.patterns')!.data.some((value) => value !== 0)).toBe(true)
    expect(weights.get('threads.mixed.norm.gain')).toEqual(states[0]!.best!.weights.get('threads.mixed.norm.gain'))
    expect(weights.get('items.project.gen.kernel')).toEqual(states[0]!.best!.weights.get('items.project.gen.kernel'))
    expect(weights.get('fusion.fuse.kernel')).not.toEqual(states[0]!.best!.weights.get('fusion.fuse.kernel'))

    const stop = new AbortController()
    let saved: TrainingState | undefined
    let steps = 0
    await expect(train(given, {
      signal: stop.signal,
      save: async (state) => { saved = state },
      reporter: { epochStarts () {}, epochEnds () {}, stepDone () { if (++steps === 6) stop.abort() } },
    })).rejects.toMatchObject({ code: 'interrupted' })
    expect(saved!.phase).toBe(1)
    expect((await train(given, { from: saved })).weights).toEqual(whole.weights)
  })

  it('looks at no event of its targets, and at none that it is tested on', async () => {
    const given = parts({ epochs: 1 })
    const { dataset } = given
    const [, b] = dataset.domains
    const other = dataset.events.map((id, i) => {
      // Every event of B, and the last two of A of each user, become another item of their domain.
      if (id > b!.offset) return b!.offset + 1 + (id + 3) % b!.size
      return i % 10 >= 6 ? 1 + (id + 3) % b!.size : id
    })
    const poisoned = { ...given, dataset: { ...dataset, events: other } }
    const [first, second] = [await train(given), await train(poisoned)]
    expect(first.curve.map(({ losses }) => losses)).toEqual(second.curve.map(({ losses }) => losses))
  })

  it('learns from one half of the users and is tested in unseen domains on the other', () => {
    const { dataset, settings } = parts({ users: 'half' })
    const learnt = new Set(trainingSet(dataset, settings).users)
    const { users, offsets, events } = testSet(dataset, settings)
    expect(learnt.size).toBeGreaterThan(15)
    expect(learnt.size).toBeLessThan(45)
    for (const [row, user] of users.entries()) {
      expect(learnt.has(user)).toBe(events[offsets[row]!]! <= dataset.domains[1]!.offset)
    }
  })
})

describe('text pools', () => {
  it('are the parts of a source, found by its texts, and some items of each auxiliary', () => {
    const { dataset, texts, settings, spec } = parts({ subDomains: 4, auxiliaryItems: 5 })
    const pools = textPools(dataset, spec, texts, settings.seed)
    expect(pools.map(({ length }) => length)).toEqual([8, 8, 8, 8, 5])
    for (const pool of pools.slice(0, 4)) expect(new Set([...pool].map((id) => Math.floor((id - 1) / 8))).size).toBe(1)
    expect([...pools[4]!].every((id) => id > 32)).toBe(true)
    expect(textPools(dataset, spec, texts, settings.seed)).toEqual(pools)
  })
})
