import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluationInput, trainPrefix } from '../../src/data/dataset.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { adapter } from '../../src/nn/adapter.ts'
import { contrastiveLoss } from '../../src/nn/contrastive.ts'
import { lossAndGradients } from '../../src/nn/gradients.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { LoadedTf } from '../../src/nn/tf.ts'
import { tfjsOps } from '../../src/nn/tfjs-ops.ts'
import { createRandom } from '../../src/random.ts'
import { ABLATIONS, type Ablation } from '../../src/systems/ablations.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { buildBatch } from '../../src/train/batch.ts'
import type { TrainingBatch } from '../../src/train/batch.ts'
import { batchLoss } from '../../src/train/forward.ts'
import { createModel } from '../../src/train/model.ts'
import { textPools } from '../../src/train/text-pools.ts'
import type { Model, ModelParts } from '../../src/train/model.ts'
import { golden } from '../nn/golden.ts'
import { plantedProfiles, plantedShop } from './planted.ts'

let loaded: LoadedTf

beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

const USERS = Int32Array.of(0, 1, 2, 3, 4, 5)

const SHOP = plantedShop({ users: 12 })
const PROFILES = plantedProfiles(SHOP)

function parts (system: string, preset: string, overrides: Record<string, unknown> = {}): ModelParts {
  const { dataset, texts } = SHOP
  const settings = resolveSettings(system, preset, texts.width, {
    width: 8, layers: 1, length: 9, sharedNegatives: 12, ...overrides,
  }, 'beta' in overrides)
  const spec = systemSpec(settings, dataset.domains)
  return { dataset, texts, settings, spec, weights: initialWeights(spec, settings, dataset.domains, texts) }
}

function batchOf ({ dataset, spec, settings, texts }: ModelParts): TrainingBatch {
  const pools = textPools(dataset, spec, texts, settings.seed)
  return buildBatch(dataset, spec, settings, USERS, createRandom(5, 'batch'), { pools, profiled: PROFILES.known })
}

/** The loss of one batch and its terms, without dropout. */
function losses (
  given: ModelParts, batch = batchOf(given), profiles = PROFILES
): { loss: number, terms: ReadonlyMap<string, number> } {
  const { spec, settings, texts, weights } = given
  const rowsOf = (table: Float32Array, width: number, at: Iterable<number>) =>
    [...at].flatMap((i) => [...table.subarray(i * width, (i + 1) * width)])
  const row = (table: Float32Array, width: number) => rowsOf(table, width, batch.items.map((id) => id - 1))
  const cut: Weights = new Map([...weights].map(([name, weight]) => name === 'items.local' || name === 'items.ids'
    ? [name, { shape: [batch.items.length, 8], data: Float32Array.from(row(weight.data, 8)) }]
    : [name, weight]))
  return lossAndGradients(loaded.tf, cut, (leaves) => {
    const { tf } = loaded
    const local = leaves.get('items.local')
    const ids = leaves.get('items.ids')
    const text = tf.tensor2d(row(texts.rows, texts.width), [batch.items.length, texts.width])
    const { users } = batch.profiled
    const known = users.length === 0
      ? undefined
      : tf.tensor2d(rowsOf(profiles.rows, profiles.width, users), [users.length, profiles.width])
    const rows = { text, ...(local && { local }), ...(ids && { ids }), ...(known && { profiles: known }) }
    return batchLoss(tf, tfjsOps(tf, leaves), spec, settings, batch, rows)
  })
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** The recommendation loss of a domain from what the model serves: user vectors of each prefix, item vectors. */
function servedLoss (given: ModelParts, model: Model, batch: TrainingBatch, domain: number): number {
  const { dataset, settings, spec, weights } = given
  const D = model.vectorWidth
  const items = model.itemVectors()
  const factor = spec.items.norm === 'unit' ? Math.exp(weights.get('temperature')!.data[0]!) : 1
  const score = (user: Float32Array, row: number): number => {
    const id = batch.items[row]!
    return factor * user.reduce((sum, value, i) => sum + value * items[(id - 1) * D + i]!, 0)
  }
  const found = batch.steps[domain]!
  const values = [...found.targets.keys()].map((s) => {
    const at = found.mixed[s]!
    const user = USERS[Math.floor(at / batch.mixed.length) % USERS.length]!
    const events = trainPrefix(dataset, user)
    const inputs = events.length - 1
    // With bert4rec the last step is what is hidden, and nothing else where none is hidden at random.
    const shown = batch.mixed.hidden === undefined
      ? at % batch.mixed.length - (batch.mixed.length - inputs) + 1
      : inputs
    const history = events.slice(0, shown)
    const vector = model.userVectors([history], domain)
    const positive = score(vector, found.targets[s]!)
    if (settings.recLoss === 'softmax') {
      const others = [...found.negatives].filter((row) => row !== found.targets[s]).map((row) => score(vector, row))
      return Math.log([positive, ...others].reduce((sum, logit) => sum + Math.exp(logit), 0)) - positive
    }
    const each = found.negatives.length / found.targets.length
    const negatives = [...found.negatives.subarray(s * each, (s + 1) * each)].map((row) => score(vector, row))
    const compared = negatives.map((negative) =>
      settings.recLoss === 'bpr' ? softplus(negative - positive) : softplus(-positive) + softplus(negative))
    return compared.reduce((all, value) => all + value, 0) / each
  })
  const sum = values.reduce((all, value) => all + value, 0)
  return settings.reduction === 'sum' ? sum : sum / values.length
}

describe('the training loss', () => {
  it.each([
    ['llm4cdsr', 'product', {}], ['llm4cdsr', 'paper', {}], ['llm4cdsr', 'paper', { recLoss: 'bce', reduction: 'mean' }],
    ['llm4cdsr', 'product', { globalItems: 'textAndIds', embScale: 3 }], ['sasrec-ids', 'product', {}],
    ['sasrec-text', 'paper', {}], ['gru4rec', 'product', {}], ['gru4rec', 'paper', { recLoss: 'bce' }],
    ['llm4cdsr', 'product', { backbone: 'gru4rec', layers: 2 }],
    ['llm4cdsr', 'product', { backbone: 'bert4rec', hiddenShare: 0 }],
    ['llm4cdsr', 'paper', { backbone: 'bert4rec', hiddenShare: 0 }], ['bert4rec', 'product', { hiddenShare: 0 }],
    ['llm-recg', 'product', {}], ['llm-recg', 'paper', {}], ['llm-recg', 'paper', { backbone: 'gru4rec', patterns: 0 }],
    ['llm-recg', 'product', { globalItems: 'projection', alpha: 0 }],
    ['llm-edt', 'product', { adapterStart: 'random' }], ['llm-edt', 'paper', { adapterForm: 'residualRelu' }],
    ['llm-edt', 'product', { adapterStart: 'random', backbone: 'gru4rec' }],
    ['llm-edt', 'paper', { backbone: 'bert4rec', hiddenShare: 0 }], ['llm-edt', 'paper', { dft: false }],
    ['llm-edt', 'product', { adapterStart: 'random', globalItems: 'textAndIds' }],
  ])('of %s, %s %j, is made of the scores that will be served', (system, preset, overrides) => {
    const given = parts(system, preset, overrides)
    const batch = batchOf(given)
    const { terms } = losses(given, batch)
    const model = createModel(loaded.tf, given)
    for (const [k, { name }] of given.dataset.domains.entries()) {
      expect(batch.steps[k]!.targets.length).toBeGreaterThan('hiddenShare' in overrides ? 0 : 5)
      expect(terms.get(`rec.${name}`)).toBeCloseTo(servedLoss(given, model, batch, k), 4)
    }
    model.dispose()
  })

  it('is L_A + L_B + alpha L_reg + beta L_profile, as golden case 8', () => {
    const { inputs: { L_A: a, L_B: b, L_reg: reg, L_profile: profile, alpha, beta }, expected: { total } } =
      golden<Record<string, number>, { total: number }>('08_total_loss')
    expect(a! + b! + alpha! * reg! + beta! * profile!).toBeCloseTo(total, 6)
    const { loss, terms } = losses(parts('llm4cdsr', 'product', { alpha: alpha!, beta: beta! }))
    expect([...terms.keys()]).toEqual(['rec.A', 'rec.B', 'reg.A.B', 'profile'])
    expect(terms.get('profile')).not.toBe(0)
    expect(loss).toBeCloseTo(
      terms.get('rec.A')! + terms.get('rec.B')! + alpha! * terms.get('reg.A.B')! + beta! * terms.get('profile')!, 5)
  })

  it.each([
    ['product', {}], ['paper', {}], ['official', {}], ['product', { backbone: 'gru4rec' }],
    ['product', { backbone: 'bert4rec', hiddenShare: 0 }],
  ])('aligns with profiles what the mixed thread makes of a user (%s, %j)', (preset, overrides) => {
    const given = parts('llm4cdsr', preset, { itemNorm: 'none', beta: 0.5, tau: 0.7, ...overrides })
    const { tf } = loaded
    const model = createModel(tf, given)
    const { spec: { losses: terms }, weights, dataset } = given
    const users = [...USERS].filter((user) => PROFILES.known[user] === 1)
    const seen = users.map((user) => trainPrefix(dataset, user).slice(0, -1))
    const vectors = model.userVectors(seen, 0)
    const { kind } = terms.find(({ name }) => name === 'profile')!
    const wanted = tf.tidy(() => {
      const leaves = new Map([...weights].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]))
      const mine = tf.slice(tf.tensor2d(vectors, [users.length, 16]), [0, 0], [-1, 8])
      const rows = users.map((user) => [...PROFILES.rows.subarray(user * 12, (user + 1) * 12)])
      const texts = adapter(tfjsOps(tf, leaves), 'user.adapter', tf.tensor2d(rows))
      return contrastiveLoss(tf, kind as 'dcl' | 'soft', mine, texts, 0.7).dataSync()[0]!
    })
    expect(losses(given).terms.get('profile')).toBeCloseTo(wanted, 4)
    model.dispose()
  })

  it('does not look at what stands for users without a profile', () => {
    const given = parts('llm4cdsr', 'product', { beta: 1 })
    const rows = PROFILES.rows.map((value, i) => PROFILES.known[Math.floor(i / 12)] === 0 ? 9 : value)
    const other = { ...PROFILES, rows }
    expect(losses(given, batchOf(given), other).loss).toBe(losses(given).loss)
  })

  it('has no term that the settings leave out', () => {
    expect([...losses(parts('llm4cdsr', 'product', { alpha: 0 })).terms.keys()]).toEqual(['rec.A', 'rec.B'])
    expect([...losses(parts('llm4cdsr', 'product', { beta: 0 })).terms.keys()]).toEqual(['rec.A', 'rec.B', 'reg.A.B'])
  })

  it.each(Object.keys(ABLATIONS) as Ablation[])('changes without %s', (part) => {
    const whole = parts('llm4cdsr', 'product', { beta: 0.1 })
    const less = parts('llm4cdsr', 'product', { beta: 0.1, ...ABLATIONS[part] })
    const [before, after] = [losses(whole).terms, losses(less).terms]
    const gone = { unified: [], init: [], reg: ['reg.A.B'], profile: ['profile'] }[part]
    expect([...before.keys()].filter((name) => !after.has(name))).toEqual(gone)
    // Where no term goes, item vectors begin elsewhere.
    if (gone.length === 0) expect(after.get('rec.A')).not.toBeCloseTo(before.get('rec.A')!, 6)
    else for (const [name, value] of after) expect(value).toBe(before.get(name))
  })

  it('is not moved by a target that stands among the shared negatives', () => {
    const given = parts('llm4cdsr', 'product', { alpha: 0 })
    const batch = batchOf(given)
    const [first, second] = batch.steps
    const targets = [...new Set(first!.targets)].slice(0, 1)
    const free = [...first!.negatives].filter((row) => !targets.includes(row))
    const only = { ...first!, targets: first!.targets.map(() => targets[0]!) }
    const loss = (negatives: number[]) => losses(given, {
      ...batch, steps: [{ ...only, negatives: Int32Array.from(negatives) }, second!],
    }).terms.get('rec.A')
    expect(loss([...free, ...targets])).toBeCloseTo(loss(free)!, 5)
  })
})

describe('the generalisation loss of a step', () => {
  const pools = [Int32Array.of(1, 2, 3, 4), Int32Array.of(21, 22, 23), Int32Array.of(30, 31)]
  const step = (overrides: Record<string, unknown> = {}, of = pools) => {
    const given = parts('llm-recg', 'product', { alpha: 0.5, batchSize: 3, ...overrides })
    return losses(given, buildBatch(given.dataset, given.spec, given.settings, USERS, createRandom(5, 'batch'), { pools: of }))
  }

  it('is taken over a batch of each pool, and weighs the domains against each other by N / |D|^3', () => {
    const { loss, terms } = step()
    expect(terms.get('gen.intra')).toBeGreaterThan((Math.log(3) + Math.log(3) + Math.log(2)) / 3 - 0.4)
    // Of two other domains each, so at most log 2, times (3 + 3 + 2) / 27.
    expect(terms.get('gen.inter')).toBeGreaterThan(0.8 * Math.log(2) * 8 / 27)
    expect(terms.get('gen.inter')).toBeLessThanOrEqual(Math.log(2) * 8 / 27 + 1e-6)
    expect(loss).toBeCloseTo(terms.get('rec.A')! + terms.get('rec.B')! - 0.5 * terms.get('gen.intra')! +
      0.5 * terms.get('gen.inter')!, 5)
  })

  it('has nothing between two domains but the fallback', () => {
    const two = pools.slice(0, 2)
    expect(step({ interFallback: false }, two).terms.get('gen.inter')).toBe(0)
    expect(step({ interFallback: true }, two).terms.get('gen.inter')).toBeGreaterThan(0)
  })
})

describe('a model', () => {
  const lastSeen = (dataset: Dataset, user: number) => evaluationInput(dataset, user, 'test')

  it.each(['product', 'paper'])('scores by one dot product, the sum of those of both halves (%s)', (preset) => {
    const given = parts('llm4cdsr', preset)
    const model = createModel(loaded.tf, given)
    const { dataset } = given
    const { size, offset } = dataset.domains[1]!
    const users = [0, 3, 7]
    const scorer = model.scorer()
    const scores = scorer.score(users, 'test', 1)
    const { global, local } = scorer.halves!(users, 'test', 1)
    const vectors = model.userVectors(users.map((user) => lastSeen(dataset, user)), 1)
    const items = model.itemVectors()
    const D = model.vectorWidth
    for (let u = 0; u < users.length; u++) {
      for (let j = 0; j < size; j++) {
        let dot = 0
        for (let i = 0; i < D; i++) dot += vectors[u * D + i]! * items[(offset + j) * D + i]!
        expect(scores[u * size + j]).toBeCloseTo(dot, 5)
        expect(scores[u * size + j]).toBeCloseTo(global[u * size + j]! + local[u * size + j]!, 5)
      }
    }
    model.dispose()
  })

  it('gives vectors of length 1 with itemNorm unit, and a zero local half to who has nothing in the domain', () => {
    const given = parts('llm4cdsr', 'product')
    const model = createModel(loaded.tf, given)
    const [vector, items] = [model.userVectors([Int32Array.of(1, 2)], 1), model.itemVectors()]
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    expect(Math.hypot(...items.subarray(0, 16))).toBeCloseTo(1, 5)
    expect([...vector.subarray(8)]).toEqual(new Array(8).fill(0))
    expect(vector.subarray(0, 8).some((value) => value !== 0)).toBe(true)
    model.dispose()
  })

  it('does not depend on who else is in the batch, nor on what lies before the window', () => {
    const given = parts('llm4cdsr', 'product', { length: 4 })
    const model = createModel(loaded.tf, given)
    const [long, short] = [Int32Array.of(1, 25, 2, 26, 3, 27), Int32Array.of(5)]
    const alone = model.userVectors([short], 0)
    expect([...model.userVectors([long, short], 0).subarray(16)].map((value, i) => Math.abs(value - alone[i]!)))
      .toSatisfy((gaps: number[]) => Math.max(...gaps) < 1e-5)
    expect(model.userVectors([long], 0)).toEqual(model.userVectors([long.slice(2)], 0))
    model.dispose()
  })
})
