import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { metricsByDomain } from '../../src/evaluate/metrics.ts'
import type { Scorer } from '../../src/evaluate/scorer.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { popularity } from '../../src/systems/baselines/popularity.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { halvings, train } from '../../src/train/loop.ts'
import type { TrainControl, Trained, TrainParts } from '../../src/train/loop.ts'
import { createModel } from '../../src/train/model.ts'
import type { TrainingState } from '../../src/train/state.ts'
import { clip } from '../../src/train/step.ts'
import { largestGap } from '../nn/tensors.ts'
import { datasetOf, plantedProfiles, plantedShop } from './planted.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('wasm') })
afterAll(() => loaded.close())

const SMALL = {
  width: 8,
  layers: 1,
  batchSize: 16,
  sharedNegatives: 20,
  learningRate: 0.01,
  epochs: 2,
  dropout: 0.2,
  adapterSize: 4,
  dftLearningRate: 0.005,
  dftEpochs: 2,
  dftClip: 10,
}

function parts (overrides: Record<string, unknown> = {}, preset = 'product'): TrainParts {
  const shop = plantedShop({ users: 48 })
  const profiles = plantedProfiles(shop)
  const settings = resolveSettings('llm-edt', preset, shop.texts.width, { ...SMALL, ...overrides }, true)
  return { tf: loaded.tf, ...shop, profiles, settings, spec: systemSpec(settings, shop.dataset.domains) }
}

async function statesOf (given: TrainParts): Promise<{ whole: Trained, states: readonly TrainingState[] }> {
  const states: TrainingState[] = []
  const control: TrainControl = { save: async (state) => { states.push(structuredClone(state)) } }
  return { whole: await train(given, control), states }
}

const isAdapter = (name: string): boolean => name.startsWith('adapters.')
const bytes = (weights: Weights, keep: (name: string) => boolean): string[] => [...weights]
  .filter(([name]) => keep(name)).map(([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`)

describe('llm-edt in training', () => {
  it('moves all but its adapters first, with profiles, and then its adapters alone', async () => {
    const { whole, states } = await statesOf(parts())
    expect(states.map(({ phase }) => phase)).toEqual([0, 0, 1, 1])
    expect(Object.keys(whole.curve[0]!.losses)).toEqual(['loss', 'rec.A', 'rec.B', 'align'])
    expect(Object.keys(whole.curve[3]!.losses)).toEqual(['loss', 'rec.A', 'rec.B'])

    const [first, second] = [states[1]!, states[3]!]
    const zero = [...first.weights].filter(([name]) => isAdapter(name) && name.includes('.up.'))
    expect(zero.map(([name]) => name)).toEqual([
      'adapters.A.up.kernel', 'adapters.A.up.bias', 'adapters.B.up.kernel', 'adapters.B.up.bias',
    ])
    expect(zero.every(([, { data }]) => data.every((value) => value === 0))).toBe(true)
    expect(bytes(second.weights, (name) => !isAdapter(name)))
      .toEqual(bytes(first.best!.weights, (name) => !isAdapter(name)))
    for (const line of bytes(first.weights, isAdapter)) expect(bytes(second.weights, isAdapter)).not.toContain(line)
  })

  it('starts its second phase exactly at the validation of the first, which then counts as its epoch 0', async () => {
    const { whole, states } = await statesOf(parts())
    const { before, metrics, epoch } = whole.start!
    expect(epoch).toBe(2)
    expect(metrics['ndcg10']).toBe(before!.ndcg10)
    expect(before!.ndcg10).toBe(states[1]!.best!.ndcg10)
    expect(metrics).toEqual(whole.curve.find((row) => row.epoch === before!.epoch)!.metrics)

    const still = await train(parts({ dftLearningRate: 0, dftWeightDecay: 0, dftPatience: 1 }))
    expect(still.curve).toHaveLength(3)
    expect(still.best).toMatchObject({ epoch: 2, ndcg10: still.start!.metrics['ndcg10'] })
  })

  it('starts it elsewhere with adapters that do not start at nothing', async () => {
    const { start } = await train(parts({ adapterStart: 'random', epochs: 1, dftEpochs: 1 }))
    expect(start!.metrics['ndcg10']).not.toBe(start!.before!.ndcg10)
  })

  it('goes on from a stop in its second phase to the same bits', async () => {
    const given = parts({ dftDropout: 0.2, adapterForm: 'residualRelu' })
    const whole = await train(given)
    const stop = new AbortController()
    let saved: TrainingState | undefined
    let steps = 0
    await expect(train(given, {
      signal: stop.signal,
      save: async (state) => { saved = state },
      reporter: { epochStarts () {}, epochEnds () {}, stepDone () { if (++steps === 11) stop.abort() } },
    })).rejects.toMatchObject({ code: 'interrupted' })
    expect(saved).toMatchObject({ phase: 1, epoch: 4, step: 2 })
    const resumed = await train(given, { from: structuredClone(saved) })
    expect(bytes(resumed.weights, () => true)).toEqual(bytes(whole.weights, () => true))
    expect(resumed.start).toEqual(whole.start)
  })

  it('scores with two halves that add up, each with the whole item, for the published evaluation', () => {
    const given = parts({ adapterStart: 'random', length: 9 }, 'paper')
    const weights = initialWeights(given.spec, given.settings, given.dataset.domains, given.texts)
    const model = createModel(loaded.tf, { ...given, weights })
    const scorer = model.scorer()
    const whole = scorer.score([0, 1, 2], 'test', 1).slice()
    const { global, local } = scorer.halves!([0, 1, 2], 'test', 1)
    expect(largestGap(whole, global.map((score, i) => score + local[i]!))).toBeLessThan(1e-4)
    expect(local.some((score) => Math.abs(score) > 1e-3)).toBe(true)
    model.dispose()
    const unit = parts()
    const other = createModel(loaded.tf, {
      ...unit, weights: initialWeights(unit.spec, unit.settings, unit.dataset.domains, unit.texts),
    })
    expect(other.scorer().halves).toBeUndefined()
    other.dispose()
  })

  it('has an adapter for each of more than two domains, and each learns from its own events', async () => {
    const sequences = Array.from({ length: 24 }, (_, u) =>
      Array.from({ length: 9 }, (_, i) => 1 + 6 * (i % 3) + (u + 2 * i) % 6))
    const dataset = datasetOf([6, 6, 6], sequences)
    const rows = Float32Array.from({ length: 18 * 12 }, (_, i) => Math.sin(i))
    const overrides = { ...SMALL, epochs: 1, dftEpochs: 1, adapterStart: 'random' }
    const settings = resolveSettings('llm-edt', 'product', 12, overrides)
    const spec = systemSpec(settings, dataset.domains)
    let start: Weights = new Map()
    let last: Weights = new Map()
    const { curve, weights } = await train({ tf: loaded.tf, dataset, texts: { width: 12, rows }, settings, spec }, {
      onStart (first) { start = structuredClone(first) },
      // What the second phase leaves, be it better or not.
      save: async (state) => { if (state.phase === 1) last = structuredClone(state.weights) },
    })
    expect(Object.keys(curve[1]!.losses)).toEqual(['loss', 'rec.A', 'rec.B', 'rec.C'])
    expect(weights.get('adapters.C.down.kernel')!.shape).toEqual([8, 4])
    for (const domain of 'ABC') {
      const name = `adapters.${domain}.down.kernel`
      expect(last.get(name)!.data).not.toEqual(start.get(name)!.data)
    }
    expect(last.get('adapters.A.down.kernel')!.data).not.toEqual(last.get('adapters.B.down.kernel')!.data)
  })

  it('keeps no tensor', async () => {
    const before = loaded.tf.memory().numTensors
    await train(parts({ adapterForm: 'residualRelu', epochs: 1, dftEpochs: 1 }))
    expect(loaded.tf.memory().numTensors).toBe(before)
  })

  it.each([['paper', {}], ['official', {}], ['product', { backbone: 'gru4rec' }], ['product', { backbone: 'bert4rec' }]])(
    'lowers its loss in both phases with preset %s, %j', async (preset, overrides) => {
      const adapters = { dftEpochs: 4, dftDropout: 0, dftLearningRate: 0.03, dftPatience: 9 }
      const whole = { ...adapters, epochs: 3, dropout: 0, length: 9, batchSize: 16 }
      const { curve, start } = await train(parts({ ...whole, ...overrides }, preset))
      const of = (epochs: readonly number[]): number[] => epochs.map((epoch) => curve[epoch - 1]!.losses['rec.A']! +
        curve[epoch - 1]!.losses['rec.B']!)
      const [first, last, next, end] = of([1, 3, 4, 7])
      expect(last).toBeLessThan(first!)
      expect(end).toBeLessThan(next!)
      expect(start!.metrics['ndcg10']).toEqual(expect.any(Number))
    })

  it('loses by each flag the part of the loss or of the training that it names', async () => {
    const names = async (overrides: Record<string, unknown>): Promise<string[][]> =>
      (await train(parts({ epochs: 1, dftEpochs: 1, ...overrides }))).curve.map(({ losses }) => Object.keys(losses))
    const rec = ['loss', 'rec.A', 'rec.B']
    expect(await names({ dft: false })).toEqual([[...rec, 'align']])
    expect(await names({ alpha: 0 })).toEqual([rec, rec])
    expect(await names({ alignPhase: 2 })).toEqual([rec, [...rec, 'align']])
  })
})

describe('what ends a step of the second phase', () => {
  it('bounds the norm of all gradients together, and leaves shorter ones alone', () => {
    const gradients = new Map([['a', Float32Array.of(3, 0)], ['b', Float32Array.of(4)]])
    clip(gradients, 10)
    expect([...gradients.get('a')!, ...gradients.get('b')!]).toEqual([3, 0, 4])
    clip(gradients, 0.1)
    expect(Math.hypot(...gradients.get('a')!, ...gradients.get('b')!)).toBeCloseTo(0.1, 6)
    expect(gradients.get('b')![0]! / gradients.get('a')![0]!).toBeCloseTo(4 / 3, 6)
  })

  it('halves the rate after so many epochs without a better one, and counts anew', () => {
    expect(halvings([2, 1, 1], 3, 3)).toBe(1)
    expect(halvings([1, 2, 3, 4], 1)).toBe(0)
    expect(halvings([4, 3, 3, 3, 3], 2, 1)).toBe(2)
    expect(halvings([4, 3, 5, 3, 4], 2)).toBe(1)
    expect(halvings([], 1, 9)).toBe(0)
  })
})

describe('llm-edt on a shop where one domain says what is wanted of the other', () => {
  const LEARNING = { epochs: 8, dropout: 0, dftEpochs: 3, alpha: 0.05, width: 16 }

  it('beats popularity and what knows that domain alone, there', async () => {
    const given = parts(LEARNING)
    const hr5 = (scorer: Scorer): number => metricsByDomain(
      evaluate(given.dataset, scorer, { split: 'test', mode: 'full' }), given.dataset.domains).domains['B']!.hr5
    const tested = async (trained: TrainParts): Promise<number> => {
      const model = createModel(loaded.tf, { ...trained, weights: (await train(trained)).weights })
      try {
        return hr5(model.scorer())
      } finally {
        model.dispose()
      }
    }
    const settings = resolveSettings('sasrec-ids', 'product', given.texts.width, {
      ...Object.fromEntries(Object.entries({ ...SMALL, ...LEARNING }).filter(([name]) =>
        !name.startsWith('dft') && !name.startsWith('adapter') && name !== 'alpha')),
    })
    const alone = { ...given, settings, spec: systemSpec(settings, given.dataset.domains), dataset: onlyB(given) }
    const ours = await tested(given)
    expect(ours).toBeGreaterThan(2 * hr5(popularity(given.dataset)))
    expect(ours).toBeGreaterThan(1.5 * await tested(alone))
  })
})

/** The same users with their events of B alone, as if nobody had bought anything else. */
function onlyB ({ dataset }: TrainParts): TrainParts['dataset'] {
  const { offset } = dataset.domains[1]!
  const kept = dataset.users.map((_, user) =>
    [...dataset.events.subarray(dataset.offsets[user]!, dataset.offsets[user + 1]!)].filter((id) => id > offset))
  const offsets = new Uint32Array(kept.length + 1)
  for (const [user, { length }] of kept.entries()) offsets[user + 1] = offsets[user]! + length
  return { ...dataset, offsets, events: Int32Array.from(kept.flat()) }
}
