import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTf } from '../../../src/nn/tf.ts'
import type { LoadedTf } from '../../../src/nn/tf.ts'
import { initialWeights } from '../../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../../src/systems/settings.ts'
import { systemSpec } from '../../../src/systems/spec.ts'
import { createModel } from '../../../src/train/model.ts'
import { createRandom } from '../../../src/random.ts'
import { faithfulShop } from '../../train/planted.ts'

let loaded: LoadedTf
beforeAll(async () => { loaded = await loadTf('cpu') })
afterAll(() => loaded.close())

const WIDTH = 16

/** A model of llm-recg before its first step, on texts that share most of their length. */
function untrained (overrides: Record<string, unknown> = {}) {
  const { dataset } = faithfulShop()
  const random = createRandom(1, 'texts')
  const shared = (i: number): number => i % 24 < 4 ? 3 : 0
  const rows = Float32Array.from({ length: dataset.items.length * 24 }, (_, i) => shared(i) + random.normal())
  const texts = { width: 24, rows }
  const settings = resolveSettings('llm-recg', 'product', 24, { width: WIDTH, source: 'A', ...overrides })
  const spec = systemSpec(settings, dataset.domains)
  const weights = initialWeights(spec, settings, dataset.domains, texts)
  return { dataset, model: createModel(loaded.tf, { spec, settings, dataset, texts, weights }) }
}

/** Mean cosine of user vectors with the items that their histories end in; length of the source's mean item. */
function likeness (overrides: Record<string, unknown>): { last: number, mean: number } {
  const { dataset, model } = untrained(overrides)
  const items = model.itemVectors()
  const vector = (id: number): Float32Array => items.subarray((id - 1) * WIDTH, id * WIDTH)
  const ends = [1, 2, 3, 4, 5, 6]
  const users = model.userVectors(ends.map((id) => Int32Array.of(6, 5, id)), 1)
  const { size } = dataset.domains[0]!
  const centre = Float32Array.from({ length: WIDTH }, (_, i) =>
    Array.from({ length: size }, (_, item) => vector(item + 1)[i]!).reduce((sum, value) => sum + value, 0) / size)
  model.dispose()
  const user = (u: number): Float32Array => users.subarray(u * WIDTH, (u + 1) * WIDTH)
  return {
    last: ends.reduce((sum, id, u) => sum + dot(user(u), vector(id)), 0) / ends.length,
    mean: Math.sqrt(dot(centre, centre)),
  }
}

describe('the start of llm-recg', () => {
  it('is at recommending what is like the last item, in a space where the source has no direction of its own', () => {
    const similarity = likeness({})
    const random = likeness({ start: 'random' })
    expect(similarity.last).toBeGreaterThan(0.8)
    expect(random.last).toBeLessThan(similarity.last - 0.15)
    expect(similarity.mean).toBeLessThan(0.5 * random.mean)
  })

  it('does not depend on what was done before the last item until something is learnt, with sasrec', () => {
    const { model } = untrained()
    const [a, b] = [Int32Array.of(1, 2, 3), Int32Array.of(5, 6, 3)].map((history) => model.userVectors([history], 0))
    expect(a).toEqual(b)
    model.dispose()
  })

  it.each(['gru4rec', 'bert4rec'])('leaves %s as it is, and its items centred', (backbone) => {
    expect(likeness({ backbone }).mean).toBeLessThan(0.5 * likeness({ backbone, start: 'random' }).mean)
  })
})

function dot (a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
