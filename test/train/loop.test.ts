import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import { metricsByDomain } from '../../src/evaluate/metrics.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts'
import { train } from '../../src/train/loop.ts'
import type { TrainControl, Trained, TrainParts } from '../../src/train/loop.ts'
import { createModel } from '../../src/train/model.ts'
import type { TrainingState } from '../../src/train/state.ts'
import { plantedProfiles, plantedShop } from './planted.ts'

let loaded: LoadedTf
let folder: string

beforeAll(async () => {
  loaded = await loadTf('wasm')
  folder = await mkdtemp(join(tmpdir(), 'isthmus-train-'))
})

afterAll(async () => {
  loaded.close()
  await rm(folder, { recursive: true })
})

const SMALL = { width: 8, layers: 1, batchSize: 16, sharedNegatives: 20, learningRate: 0.01, epochs: 2, dropout: 0 }
const DROPOUT = { dropout: 0.2 }

function parts (overrides: Record<string, unknown> = {}, system = 'llm4cdsr', preset = 'product'): TrainParts {
  const { dataset, texts } = plantedShop({ users: 48 })
  const settings = resolveSettings(system, preset, texts.width, { ...SMALL, ...overrides })
  return { tf: loaded.tf, dataset, texts, settings, spec: systemSpec(settings, dataset.domains) }
}

/** Trains until so many steps are done in all, and gives what was saved then. */
async function stopAfter (given: TrainParts, steps: number, control: TrainControl = {}): Promise<TrainingState> {
  const stop = new AbortController()
  let done = 0
  let saved: TrainingState | undefined
  await expect(train(given, {
    ...control,
    signal: stop.signal,
    save: async (state) => { saved = state },
    reporter: { epochStarts () {}, epochEnds () {}, stepDone () { if (++done === steps) stop.abort() } },
  })).rejects.toMatchObject({ code: 'interrupted' })
  return saved!
}

const bytes = (weights: Weights): string[] =>
  [...weights].map(([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`)

const PLAN = { input: { dir: '.', digest: 'planted' }, settings: { width: 8 }, backend: 'cpu' }

describe('training', () => {
  it('gives the same weights and curve for the same seed, and others for another', async () => {
    const [first, second] = [await train(parts(DROPOUT)), await train(parts(DROPOUT))]
    expect(bytes(second.weights)).toEqual(bytes(first.weights))
    expect(second.curve).toEqual(first.curve)
    expect(bytes((await train(parts({ ...DROPOUT, seed: 43 }))).weights)).not.toEqual(bytes(first.weights))
  })

  it.each([['in the middle of an epoch', 5], ['at the end of an epoch', 3], ['before any epoch is done', 1]])(
    'goes on after a stop %s as if nothing had happened, to the bit', async (_, steps) => {
      const whole = await train(parts(DROPOUT))
      const dir = join(folder, `stop-${steps}`)
      await writeCheckpoint(dir, PLAN, await stopAfter(parts(DROPOUT), steps))
      const from = await readCheckpoint(dir, PLAN)
      const resumed = await train(parts(DROPOUT), { from })
      expect(bytes(resumed.weights)).toEqual(bytes(whole.weights))
      expect(resumed.curve).toEqual(whole.curve)
    })

  it('stops when validation has not been better for `patience` epochs, and keeps the best epoch', async () => {
    // Nothing moves, so that no epoch is better than the first.
    const { curve, best } = await train(parts({ learningRate: 0, epochs: 9, patience: 2 }))
    expect(curve).toHaveLength(3)
    expect(best.epoch).toBe(1)
  })

  it('leaves frozen weights as they were, and moves all others', async () => {
    const given = parts({ trainLocal: false, epochs: 1 })
    const before = await stopAfter({ ...given, settings: { ...given.settings, learningRate: 0 } }, 1)
    const after = await train(given)
    const moved = [...after.weights].filter(([name, { data }]) =>
      data.some((value, i) => value !== before.weights.get(name)!.data[i]))
    expect(moved.map(([name]) => name)).not.toContain('items.local')
    expect([...after.weights.keys()].filter((name) => !moved.some(([one]) => one === name))).toEqual(['items.local'])
    expect([...(await train(parts({ epochs: 1 }))).weights.get('items.local')!.data])
      .not.toEqual([...before.weights.get('items.local')!.data])
  })

  it('leaves texts alone', async () => {
    const given = parts({ epochs: 1 })
    const before = given.texts.rows.slice()
    await train(given)
    expect(given.texts.rows).toEqual(before)
  })

  it('keeps no tensor between steps', async () => {
    const before = loaded.tf.memory().numTensors
    await train(parts())
    expect(loaded.tf.memory().numTensors).toBe(before)
  })

  it('moves the user adapter where there are profiles, and starts all else as without them', async () => {
    const shop = plantedShop({ users: 48 })
    const profiles = plantedProfiles(shop)
    const settings = resolveSettings('llm4cdsr', 'product', shop.texts.width, { ...SMALL, epochs: 1, beta: 1 }, true)
    const given = { ...parts(), profiles, settings, spec: systemSpec(settings, shop.dataset.domains) }
    let start: string[] = []
    const onStart = (weights: Weights): void => { start = bytes(weights) }
    await train(parts({ epochs: 1 }), { onStart })
    const without = start
    const { weights, curve } = await train(given, { onStart })
    expect(start.filter((line) => !line.startsWith('user.adapter'))).toEqual(without)
    expect(start.filter((line) => bytes(weights).includes(line))).toEqual([])
    expect(curve[0]!.losses['profile']).toEqual(expect.any(Number))
  })

  it('stops with a code when the loss is no number', async () => {
    await expect(train(parts({ learningRate: 1e30 }))).rejects.toMatchObject({
      code: expect.stringMatching(/^(training_diverged|scores_not_finite)$/) as string,
    })
  })

  it('refuses data without anything to learn', async () => {
    const given = parts()
    const offsets = Uint32Array.of(0, 3)
    const dataset = { ...given.dataset, users: ['u'], offsets, events: Int32Array.of(1, 2, 3) }
    await expect(train({ ...given, dataset })).rejects.toMatchObject({ code: 'dataset_empty' })
  })

  it.each([
    ['llm4cdsr', 'product'], ['llm4cdsr', 'paper'], ['llm4cdsr', 'official'], ['sasrec-ids', 'product'],
    ['sasrec-ids', 'paper'], ['sasrec-text', 'product'], ['sasrec-text', 'paper'], ['gru4rec', 'product'],
    ['gru4rec', 'paper'], ['bert4rec', 'product'], ['bert4rec', 'paper'],
  ])('lowers the loss of %s with preset %s', async (system, preset) => {
    const { curve } = await train(parts({ epochs: 4, dropout: 0, learningRate: 0.01, length: 9 }, system, preset))
    expect(curve.at(-1)!.losses['loss']).toBeLessThan(curve[0]!.losses['loss']!)
    expect(Object.keys(curve[0]!.losses)).toEqual(system === 'llm4cdsr'
      ? ['loss', 'rec.A', 'rec.B', 'reg.A.B']
      : ['loss', 'rec.A', 'rec.B'])
  })

  it.each(['gru4rec', 'bert4rec'])('moves every weight of %s', async (backbone) => {
    const given = parts({ backbone, epochs: 1 })
    const before = await stopAfter({ ...given, settings: { ...given.settings, learningRate: 0 } }, 1)
    const after = await train(given)
    const still = [...after.weights].filter(([name, { data }]) =>
      data.every((value, i) => value === before.weights.get(name)!.data[i]))
    expect(still.map(([name]) => name)).toEqual([])
  })

  it.each(['gru4rec', 'bert4rec'])('goes on after a stop with %s to the same weights', async (backbone) => {
    const given = parts({ ...DROPOUT, backbone })
    const whole = await train(given)
    const from = await stopAfter(given, 5)
    expect(bytes((await train(given, { from })).weights)).toEqual(bytes(whole.weights))
  })

  it.each([
    ['sasrec', 0.5, {}], ['gru4rec', 0.5, {}],
    // Looking everywhere, it has to learn first that the step before is the one that counts.
    ['bert4rec', 0.4, { epochs: 24, hiddenShare: 0.4 }],
  ])('finds a rule between domains that popularity cannot see, with %s', async (backbone, least, more) => {
    const given = parts({ backbone, epochs: 12, patience: 24, learningRate: 0.02, dropout: 0, ...more })
    const { weights }: Trained = await train(given)
    const model = createModel(loaded.tf, { ...given, weights })
    const { domains } = metricsByDomain(
      evaluate(given.dataset, model.scorer(), { split: 'test', mode: 'full' }), given.dataset.domains)
    model.dispose()
    // One topic of four, five items each: a guess is right within the first five in a quarter of the cases.
    expect(domains['B']!.hr5).toBeGreaterThan(least)
  })
})

describe('a checkpoint', () => {
  it('is absent before there was one', async () => {
    expect(await readCheckpoint(join(folder, 'none'), PLAN)).toBeUndefined()
  })

  it.each([
    ['input', { ...PLAN, input: { dir: '.', digest: 'other' } }],
    ['width', { ...PLAN, settings: { width: 16 } }],
    ['heads', { ...PLAN, settings: { width: 8, heads: 2 } }],
    ['backend', { ...PLAN, backend: 'wasm' }],
  ])('refuses to go on with another %s, and names it', async (field, plan) => {
    const dir = join(folder, `mismatch-${field}`)
    await writeCheckpoint(dir, PLAN, await stopAfter(parts(), 1))
    await expect(readCheckpoint(dir, plan)).rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field } })
  })
})
