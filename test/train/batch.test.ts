import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { buildBatch } from '../../src/train/batch.ts'
import type { ThreadBlock } from '../../src/train/batch.ts'
import { planEpoch, trainableUsers } from '../../src/train/epoch-plan.ts'
import { drawSamples } from '../../src/train/samples.ts'
import { augmented } from '../data/augmented-shop.ts'
import { golden } from '../nn/golden.ts'
import { datasetOf, plantedShop } from './planted.ts'

interface GoldenCases { cases: { items: number[], domain: number[], num_A: number, max_len: number }[] }
interface GoldenSamples {
  samples: {
    seq: number[],
    seqA: number[],
    posA: number[],
    seqB: number[],
    posB: number[],
    positions: number[]
    target_domain_per_step: number[],
    local_mask: number[],
    pos: number[]
  }[]
}

type Golden36 = { sample: { seq: number[], pos: number[] } } &
  Record<`${'global' | 'localA' | 'localB'}_${'pos' | 'neg'}`, number[]>

function build (sequences: number[][], sizes: number[], overrides: Record<string, unknown> = {}, system = 'llm4cdsr') {
  // Two more events close each sequence: those that validation and test ask for.
  const dataset = datasetOf(sizes, sequences.map((events) => [...events, 1, 1]))
  const preset = 'preset' in overrides ? String(overrides.preset) : 'product'
  const { preset: _, ...rest } = overrides
  const settings = resolveSettings(system, preset, 8, { length: 6, width: 8, ...rest })
  const spec = systemSpec(settings, dataset.domains)
  const users = Int32Array.from(sequences.keys())
  return { dataset, spec, batch: buildBatch(dataset, spec, settings, users, createRandom(3, 'batch')) }
}

describe('a training batch', () => {
  const { inputs, expected } = golden<GoldenCases, GoldenSamples>('04_tri_thread_sample')

  it.each(inputs.cases.map((given, i) => [i, given] as const))('holds the threads of golden sample %i', (i, given) => {
    const wanted = expected.samples[i]!
    const events = given.items.map((id, t) => given.domain[t] === 0 ? id : id + given.num_A)
    const { batch } = build([events], [given.num_A, 6], { length: given.max_len })
    const ids = (rows: Int32Array, mask: Float32Array) =>
      Array.from(rows, (row, s) => mask[s] === 1 ? batch.items[row] : 0)
    const real = (list: number[]) => list.filter((id) => id > 0)

    expect(ids(batch.mixed.rows, batch.mixed.mask)).toEqual(real(wanted.seq))
    expect([...batch.mixed.positions]).toEqual(real(wanted.positions))
    const local = (k: number, list: number[]) => real(list).map((id) => id + k * given.num_A)
    for (const [k, [seq, pos]] of [[wanted.seqA, wanted.posA], [wanted.seqB, wanted.posB]].entries()) {
      const block = batch.locals[k]!
      expect(ids(block.rows, block.mask).filter((id) => id !== 0)).toEqual(local(k, seq!))
      const steps = batch.steps[k]!
      const withLocal = [...steps.local.keys()].filter((s) => steps.local[s]! > 0)
      // The steps that line up with the thread, in order, and what each has to predict.
      expect(withLocal.map((s) => batch.items[steps.targets[s]!])).toEqual(local(k, pos!))
      const start = block.length - withLocal.length
      expect(withLocal.map((s) => steps.local[s]! - 1)).toEqual(withLocal.map((_, n) => start + n))
      const padding = wanted.seq.length - real(wanted.seq).length
      const stepsOf = (mask: number[]) => mask.flatMap((domain, t) => domain === k ? [t - padding] : [])
      expect(withLocal.map((s) => steps.mixed[s])).toEqual(stepsOf(wanted.local_mask))
      expect([...steps.mixed]).toEqual(stepsOf(wanted.target_domain_per_step))
    }
  })

  it.each([['drop', 'drop_first_in_domain'], ['globalOnly', 'first_in_domain_global_only']])(
    'joins the logits of both threads as golden case 36, with firstInDomain %s', (firstInDomain, rule) => {
      const { inputs, expected } = golden<Golden36, Record<string, Record<string, { count: number, bpr_sum: number }>>>(
        '36_tri_thread_training_loss')
      const real = inputs.sample.seq.filter((id) => id > 0)
      const { batch } = build([[...real, inputs.sample.pos.at(-1)!]], [6, 6], { firstInDomain })
      for (const [k, name] of ['A', 'B'].entries()) {
        const { mixed, local } = batch.steps[k]!
        // The case's arrays are six steps long, padded on the left.
        const logit = (side: 'pos' | 'neg', s: number) => inputs[`global_${side}`][6 - batch.mixed.length + mixed[s]!]! +
          (local[s] === 0 ? 0 : inputs[`local${name as 'A' | 'B'}_${side}`][5 - batch.locals[k]!.length + local[s]!]!)
        const losses = Array.from(mixed.keys(), (s) => Math.log1p(Math.exp(logit('neg', s) - logit('pos', s))))
        expect(losses).toHaveLength(expected[rule]![name]!.count)
        expect(losses.reduce((sum, loss) => sum + loss, 0)).toBeCloseTo(expected[rule]![name]!.bpr_sum, 6)
      }
    })

  it('leaves out a target that is the first of its domain, if told so', () => {
    const drop = build([[1, 7, 2, 8]], [6, 6], { firstInDomain: 'drop' }).batch
    const all = build([[1, 7, 2, 8]], [6, 6]).batch
    expect(drop.steps.map((steps) => [...steps.mixed])).toEqual([[1], [2]])
    expect(all.steps.map((steps) => [...steps.mixed])).toEqual([[1], [0, 2]])
    expect(all.steps.map((steps) => [...steps.local])).toEqual([[1], [0, 1]])
  })

  it('looks at the latest events only, and is as wide as its longest user needs', () => {
    const { batch } = build([[1, 2, 3, 4, 5, 6, 1, 2, 3], [4, 5]], [6, 6])
    expect(batch.mixed).toMatchObject({ batch: 1, length: 9 }) // both in one row
    expect([...batch.mixed.positions]).toEqual([0, 0, 1, 1, 2, 3, 4, 5, 6])
    expect(build([[1, 2, 3], [4, 5, 6]], [6, 6]).batch.mixed.length).toBe(2)
    expect(build([[1, 2, 3], [4, 5]], [6, 6], { preset: 'official' }).batch.mixed.length).toBe(6)
  })

  it('lets sequences share a row where they fit, and still finds their steps', () => {
    const sequences = [[1, 2, 3, 4, 5], [7, 1, 8, 2], [3, 9, 4], [5, 6], [8, 9]]
    const { batch } = build(sequences, [6, 6])
    expect(batch.mixed).toMatchObject({ batch: 3, length: 4 })
    expect([...batch.mixed.sequences]).toEqual([1, 1, 1, 1, 4, 2, 2, 2, 0, 5, 3, 3])
    expect([...batch.mixed.positions]).toEqual([1, 2, 3, 4, 1, 1, 2, 3, 0, 1, 1, 2])
    expect([...batch.mixed.mask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1])
    const learned = batch.steps.flatMap(({ mixed, targets }) =>
      Array.from(mixed, (at, s) => [batch.items[batch.mixed.rows[at]!], batch.items[targets[s]!]].join()))
    const wanted = sequences.flatMap((events) => events.slice(1).map((next, i) => [events[i], next].join()))
    expect(learned.sort()).toEqual(wanted.sort())
    // A recurrence runs through its row, and the published mask lets steps see what is beside them.
    for (const alone of [{ backbone: 'gru4rec' }, { preset: 'official' }]) {
      expect(build(sequences, [6, 6], alone).batch.mixed.batch).toBe(5)
    }
  })

  it('shares different negatives of each domain, in proportion to its size', () => {
    const { batch } = build([[1, 31, 2, 32]], [30, 10], { sharedNegatives: 20 })
    const drawn = batch.steps.map(({ negatives }) => Array.from(negatives, (row) => batch.items[row]!))
    expect(drawn.map((ids) => new Set(ids).size)).toEqual([15, 5])
    expect(drawn[0]!.every((id) => id >= 1 && id <= 30)).toBe(true)
    expect(drawn[1]!.every((id) => id >= 31 && id <= 40)).toBe(true)
  })

  it('draws every allowed negative, the last of the domain too, and none the user has', () => {
    const events = [1, 2, 7, 8, 3, 9, 1]
    const seen = [new Set<number>(), new Set<number>()]
    const dataset = datasetOf([6, 6], [[...events, 1, 1]])
    const settings = resolveSettings('llm4cdsr', 'paper', 8, { width: 8 })
    const spec = systemSpec(settings, dataset.domains)
    const random = createRandom(1, 'negatives')
    for (let i = 0; i < 500; i++) {
      const batch = buildBatch(dataset, spec, settings, Int32Array.of(0), random)
      for (const [k, steps] of batch.steps.entries()) {
        expect(steps.negatives).toEqual(steps.localNegatives)
        for (const row of steps.negatives) seen[k]!.add(batch.items[row]!)
      }
    }
    expect(seen.map((ids) => [...ids].sort((a, b) => a - b))).toEqual([[4, 5, 6], [10, 11, 12]])
  })

  it('draws as the published program does where asked: two items, the global one of the input\'s domain', () => {
    const { batch } = build([[1, 7, 1, 7, 1, 7]], [40, 40].map(() => 6), { preset: 'official' })
    const [a, b] = batch.steps
    expect([...a!.negatives].every((row) => batch.items[row]! > 6)).toBe(true)
    expect([...b!.negatives].every((row) => batch.items[row]! <= 6)).toBe(true)
    expect([...a!.localNegatives].every((row) => batch.items[row]! <= 6)).toBe(true)
  })

  it('pairs one item of each domain for users that have both, never the last of the training events', () => {
    const { batch } = build([[1, 2, 7, 3], [4, 5, 6], [8, 5, 9]], [6, 6])
    const pairs = batch.pairs.get('reg.A.B')!
    expect(pairs.first).toHaveLength(2)
    expect([1, 2]).toContain(batch.items[pairs.first[0]!])
    expect(batch.items[pairs.second[0]!]).toBe(7)
    expect([batch.items[pairs.first[1]!], batch.items[pairs.second[1]!]]).toEqual([5, 8])
  })

  describe('of bert4rec', () => {
    const events = [1, 7, 2, 8, 3]
    const { batch } = build([events, [4, 5, 6]], [6, 6], { backbone: 'bert4rec', hiddenShare: 0.5 })
    const shown = (block: ThreadBlock, sample: number) => [...block.rows.keys()]
      .filter((at) => block.sequences[at] === sample + 1)
      .map((at) => block.hidden![at] === 1 ? 'hidden' : batch.items[block.rows[at]!])

    it('has two samples of each user, whose last shows all events but the last', () => {
      expect(Math.max(...batch.mixed.sequences)).toBe(4)
      expect(shown(batch.mixed, 2)).toEqual([1, 7, 2, 8, 'hidden'])
      expect(shown(batch.locals[0]!, 2)).toEqual([1, 2, 'hidden'])
      expect(shown(batch.locals[1]!, 2)).toEqual([7, 8])
      expect(shown(batch.mixed, 3)).toEqual([4, 5, 'hidden'])
      const third = batch.mixed.positions.filter((_, at) => batch.mixed.sequences[at] === 3)
      expect([...third]).toEqual([1, 2, 3, 4, 5])
    })

    it('asks at each hidden step of both threads for the item that stood there, and nowhere else', () => {
      const asked = new Set(batch.steps.flatMap(({ mixed }) => [...mixed]))
      expect([...asked].sort((a, b) => a - b)).toEqual([...batch.mixed.hidden!.keys()].filter((at) =>
        batch.mixed.hidden![at] === 1))
      for (const [k, { mixed, local, targets }] of batch.steps.entries()) {
        for (const [s, at] of mixed.entries()) {
          const [sample, place] = [batch.mixed.sequences[at]!, batch.mixed.positions[at]! - 1]
          const user = [events, [4, 5, 6]][(sample - 1) % 2]!
          expect(batch.items[targets[s]!]).toBe(user[place])
          if (local[s] === 0) continue
          const there = local[s]! - 1
          const before = user.slice(0, place).filter((id) => (id > 6) === (k === 1)).length
          expect(batch.locals[k]!.hidden![there]).toBe(1)
          expect(batch.locals[k]!.sequences[there]).toBe(sample)
          expect(batch.locals[k]!.positions[there]).toBe(before + 1)
        }
      }
    })

    it('hides the asked share of steps at random, the window being one longer than its inputs', () => {
      const long = Array.from({ length: 400 }, (_, i) => 1 + i % 12)
      const { mixed } = build([long], [6, 6], { backbone: 'bert4rec', length: 299, hiddenShare: 0.2 }).batch
      expect(mixed).toMatchObject({ batch: 2, length: 300 })
      const count = mixed.hidden!.subarray(0, 300).reduce((sum, one) => sum + one, 0)
      expect(Math.abs(count - 60)).toBeLessThan(3 * Math.sqrt(300 * 0.16))
    })

    it('has no local step where nothing of the domain is shown, and none at all if told to drop it', () => {
      const only = (overrides: object) =>
        build([[1, 2, 7]], [6, 6], { backbone: 'bert4rec', hiddenShare: 0, ...overrides }).batch.steps[1]!
      expect([...only({}).local]).toEqual([0])
      expect([...only({ firstInDomain: 'drop' }).local]).toEqual([])
    })
  })

  it('asks for synthetic events, unless told to read them alone', () => {
    const targets = (backbone: 'sasrec' | 'bert4rec', augTargets?: boolean): number[] => {
      const choice = { backbone, length: 9, firstInDomain: 'globalOnly', hiddenShare: 1 } as const
      const samples = drawSamples(augmented, {
        ...choice, ...(augTargets !== undefined && { augTargets }),
      }, Int32Array.of(0), createRandom(1))
      expect(samples[0]!.mixed.length).toBe(backbone === 'sasrec' ? 3 : 4)
      return samples.flatMap(({ steps }) => steps.map(({ target }) => target))
    }
    expect(targets('sasrec')).toEqual([7, 4, 2])
    expect(targets('sasrec', false)).toEqual([4])
    expect(targets('bert4rec')).toEqual([1, 7, 4, 2, 2])
    expect(targets('bert4rec', false)).toEqual([1, 4])
  })

  it('names each item once, and has no local part for a system of one thread', () => {
    const { batch } = build([[1, 2, 1, 8]], [6, 6], {}, 'sasrec-ids')
    expect(new Set(batch.items).size).toBe(batch.items.length)
    expect(batch.locals).toEqual([])
    expect(batch.steps.every(({ local }) => local.every((at) => at === 0))).toBe(true)
    expect(batch.pairs.size).toBe(0)
  })
})

describe('an epoch', () => {
  const { dataset } = plantedShop({ users: 50 })
  const users = trainableUsers(dataset)
  const plan = (epoch: number) => planEpoch(dataset, users, { seed: 7, epoch, batchSize: 8, length: 50 })

  it('takes every user once, in batches of like length', () => {
    const batches = plan(0)
    expect(batches.map((batch) => batch.length).sort()).toEqual([2, 8, 8, 8, 8, 8, 8])
    expect(batches.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...users])
    const spread = batches.map((batch) => {
      const lengths = [...batch].map((user) => dataset.offsets[user + 1]! - dataset.offsets[user]!)
      return Math.max(...lengths) - Math.min(...lengths)
    })
    expect(spread.filter((gap) => gap > 0).length).toBeLessThanOrEqual(1)
  })

  it('follows from seed and epoch alone, and differs between epochs', () => {
    expect(plan(1)).toEqual(plan(1))
    expect(plan(1)).not.toEqual(plan(2))
  })
})

describe('users to train on', () => {
  it('have an input and a target left when the last two events are taken away', () => {
    expect([...trainableUsers(datasetOf([6], [[1, 2, 3], [1, 2, 3, 4]]))]).toEqual([1])
  })
})
