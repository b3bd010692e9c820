import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelInput, withoutAugmentation } from '../../src/data/augmentation.ts'
import { target } from '../../src/data/dataset.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { evaluate } from '../../src/evaluate/evaluate.ts'
import type { Scorer } from '../../src/evaluate/scorer.ts'
import { loadTf } from '../../src/nn/tf.ts'
import { openItemTexts } from '../../src/pipeline/item-texts.ts'
import type { ItemTextInput } from '../../src/pipeline/item-texts.ts'
import { openTrainInput } from '../../src/pipeline/train-input.ts'
import { COUNTING_BASELINES } from '../../src/systems/baselines/counting.ts'
import type { CountingBaseline } from '../../src/systems/baselines/counting.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { createModel } from '../../src/train/model.ts'
import type { ModelParts } from '../../src/train/model.ts'
import { plantedShop, writePlantedAugmentation, writeShop } from '../train/planted.ts'

const shop = plantedShop({ users: 30, length: 12 })
const real = shop.dataset.items.length
let folder: string
let raw: Dataset
let augmented: ItemTextInput

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-synthetic-'))
  const embeddings = await writeShop(folder, shop)
  augmented = await openItemTexts(await writePlantedAugmentation(embeddings, shop))
  raw = (await openTrainInput(embeddings)).dataset
})
afterAll(() => rm(folder, { recursive: true }))

/** The item of the catalogue among a user's synthetic events; the users that have none have none. */
function grounded ({ augmentation }: Dataset, user: number): number | undefined {
  const { offsets, events, synthetic } = augmentation!
  const places = Array.from({ length: offsets[user + 1]! - offsets[user]! }, (_, i) => offsets[user]! + i)
  return places.filter((at) => synthetic[at] === 1).map((at) => events[at]!).find((id) => id <= real)
}

describe('synthetic events', () => {
  it('are no targets and no candidates, and what a user has by them alone is not what the user has seen', () => {
    const { dataset } = augmented
    expect(dataset.candidates).toEqual(raw.candidates)
    let outranked = 0
    for (const split of ['valid', 'test'] as const) {
      for (const user of raw.users.keys()) expect(target(dataset, user, split)).toBe(target(raw, user, split))
      /** Puts the grounded item of a user before all others: seen, it would be out of the race. */
      const scorer: Scorer = {
        name: 'grounded',
        score (users, _, domain) {
          const { size, offset } = dataset.domains[domain]!
          const scores = new Float32Array(users.length * size)
          for (const [row, user] of users.entries()) {
            for (let local = 1; local <= size; local++) scores[row * size + local - 1] = 1 / (1 + local)
            const id = grounded(dataset, user) ?? 0
            if (id > offset && id <= offset + size) scores[row * size + id - offset - 1] = 9
          }
          return scores
        },
      }
      const [one, other] = [dataset, raw].map((each) => evaluate(each, scorer, { split, mode: 'full' }))
      expect(one!.ranks).toEqual(other!.ranks)
      outranked += one!.ranks.filter((rank) => rank > 0).length
    }
    expect(outranked).toBeGreaterThan(0)
  })

  it('do not count for popularity, transitions or neighbours', () => {
    const users = [...raw.users.keys()]
    for (const name of Object.keys(COUNTING_BASELINES) as CountingBaseline[]) {
      for (const domain of [0, 1]) {
        const [one, other] = [augmented.dataset, raw].map((dataset) =>
          Float32Array.from(COUNTING_BASELINES[name](dataset).score(users, 'test', domain)))
        expect(one, name).toEqual(other)
      }
    }
  })

  it.each(['llm-edt', 'sasrec-ids', 'llm4cdsr'])(
    'are what an encoder of %s predicts from, and a fresh item has a vector but no score', async (system) => {
      const { dataset, embeddings } = augmented
      const settings = resolveSettings(system, 'product', embeddings.width, { width: 8, layers: 1, length: 14 })
      const spec = systemSpec(settings, dataset.domains)
      const weights = initialWeights(spec, settings, dataset.domains, embeddings)
      const { tf, close } = await loadTf('cpu')
      const open = (dataset: Dataset): ReturnType<typeof createModel> =>
        createModel(tf, { dataset, spec, settings, weights, texts: embeddings } satisfies ModelParts)
      const [model, blind] = [open(dataset), open(withoutAugmentation(dataset))]
      try {
        const width = model.vectorWidth
        const items = model.itemVectors()
        expect(items).toHaveLength((real + 6) * width)
        const users = [0, 1, 2]
        const vectors = model.userVectors(users.map((user) => modelInput(dataset, user, 'test')), 1)
        const scores = model.scorer().score(users, 'test', 1)
        expect(scores).toHaveLength(users.length * real / 2)
        for (const user of users) {
          let dot = 0
          for (let i = 0; i < width; i++) dot += vectors[user * width + i]! * items[real / 2 * width + i]!
          expect(scores[user * real / 2]).toBeCloseTo(dot, 5)
        }
        const without = blind.scorer().score(users, 'test', 1)
        expect(scores.subarray(0, real / 2)).not.toEqual(without.subarray(0, real / 2))
        // The third has no synthetic event.
        expect([...scores.subarray(real)].map((score) => score.toFixed(5)))
          .toEqual([...without.subarray(real)].map((score) => score.toFixed(5)))
      } finally {
        model.dispose()
        blind.dispose()
        close()
      }
    })
})
