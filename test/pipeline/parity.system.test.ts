import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dataset } from '../../src/data/dataset.ts'
import { openDataset } from '../../src/data/dataset-files.ts'
import { prepare } from '../../src/data/prepare.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { loadTf } from '../../src/nn/tf.ts'
import type { Weight } from '../../src/nn/ops.ts'
import { encoderGraph } from '../../src/pipeline/export/encoder-graph.ts'
import { checkParity } from '../../src/pipeline/export/parity.ts'
import { createRandom } from '../../src/random.ts'
import { initialWeights, type ItemTexts } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { createModel } from '../../src/train/model.ts'

const data = join(import.meta.dirname, '../../../shared/data/food-kitchen')
const there = existsSync(data)
const WIDTH = 32
const TEXT_WIDTH = 48

describe('encoders on real histories', () => {
  it.runIf(process.env.CI !== undefined)('have the data to be compared on', () => expect(there).toBe(true))

  describe.runIf(there)('(data in ../shared/data/food-kitchen)', () => {
    let folder: string
    let dataset: Dataset
    let texts: ItemTexts
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'isthmus-parity-'))
      await prepare({ inputs: [data], out: folder, settings: prepareSettings({ kCore: 'none' }) })
      dataset = await openDataset(folder)
      const random = createRandom(11, 'parity-texts')
      texts = {
        width: TEXT_WIDTH,
        rows: Float32Array.from({ length: dataset.items.length * TEXT_WIDTH }, () => random.normal() / 7),
      }
    })
    afterAll(async () => await rm(folder, { recursive: true }))

    it.each([
      ['llm4cdsr', {}], ['llm4cdsr', { itemNorm: 'none', recLoss: 'bpr', negatives: 'perStep' }],
      ['sasrec-ids', { heads: 4 }], ['sasrec-text', {}], ['gru4rec', { layers: 2 }], ['bert4rec', { heads: 2 }],
      ['llm-edt', { adapterStart: 'random' }], ['llm-edt', { adapterForm: 'residualRelu', backbone: 'bert4rec' }],
      ['llm4cdsr', { backbone: 'gru4rec' }], ['llm4cdsr', { backbone: 'bert4rec' }],
    ])('agree with the training side: %s %o', async (system, overrides) => {
      const settings = resolveSettings(system, 'product', TEXT_WIDTH, { width: WIDTH, length: 200, ...overrides })
      const spec = systemSpec(settings, dataset.domains)
      const weights = spread(initialWeights(spec, settings, dataset.domains, texts))
      const { tf, close } = await loadTf('wasm')
      const parts = { spec, settings, dataset, texts, weights }
      const model = createModel(tf, parts)
      const facts = {
        windowLength: 200,
        globalWidth: WIDTH,
        localWidth: model.vectorWidth - WIDTH,
        ...(spec.fusion === 'sum' && { sharedItems: true as const }),
        userWidth: model.vectorWidth,
        itemNorm: settings.itemNorm,
      }
      const graphs = dataset.domains.map((_, k) => encoderGraph(parts, k))
      const { largest, ...checked } = await checkParity(model, dataset, graphs, facts)
      expect(checked).toEqual({ histories: 100, lengths: [1, 7, 50, 200], batches: [1, 8] })
      expect(largest).toBeGreaterThan(0)
      expect(largest).toBeLessThanOrEqual(1e-5)

      const last = settings.backbone === 'bert4rec' ? 'threads.mixed.1.norm2.bias' : 'threads.mixed.norm.bias'
      const other = { ...parts, weights: moved(weights, last) }
      const wrong = dataset.domains.map((_, k) => encoderGraph(other, k))
      await expect(checkParity(model, dataset, wrong, facts)).rejects.toMatchObject({ code: 'artefact_invalid' })
      model.dispose()
      close()
    })
  })
})

/** Away from a start at which gains are 1 and biases 0, where a forgotten one would not show. */
function spread (weights: ReadonlyMap<string, Weight>): Map<string, Weight> {
  const random = createRandom(12, 'parity-weights')
  return new Map([...weights].map(([name, { shape, data }]) =>
    [name, { shape, data: data.map((value) => value + 0.05 * random.normal()) }]))
}

function moved (weights: ReadonlyMap<string, Weight>, name: string): Map<string, Weight> {
  const { shape, data } = weights.get(name)!
  return new Map(weights).set(name, { shape, data: data.map((value, i) => i === 0 ? value + 1e-3 : value) })
}
