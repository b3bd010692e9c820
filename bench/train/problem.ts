import type { Dataset } from '../../src/data/dataset.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { createRandom } from '../../src/random.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import type { ItemTexts } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import type { Settings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import type { SystemSpec } from '../../src/systems/spec.ts'
import { buildBatch } from '../../src/train/batch.ts'
import type { TrainingBatch } from '../../src/train/batch.ts'
import { planEpoch, trainableUsers } from '../../src/train/epoch-plan.ts'
import { madeUpLog } from './made-up-log.ts'

/** Something to train: LLM4CDSR at its start, and a batch for each step. */
export interface Problem {
  readonly dataset: Dataset
  readonly texts: ItemTexts
  readonly settings: Settings
  readonly spec: SystemSpec
  readonly weights: Weights
  readonly batches: readonly TrainingBatch[]
  /** Milliseconds to draw and pack a batch. */
  readonly batchMs: number
}

/** LLM4CDSR of width 128 on histories of length 50 of a made-up log; the same for the same sizes. */
export function makeProblem (
  { steps, items, batchSize }: { readonly steps: number, readonly items: number, readonly batchSize: number }
): Problem {
  const length = 50
  const { dataset, texts } = madeUpLog({ users: steps * batchSize, items, longest: length })
  const settings = resolveSettings('llm4cdsr', 'product', texts.width, {
    width: 128, length, batchSize, localInit: 'random',
  })
  const spec = systemSpec(settings, dataset.domains)
  const weights = initialWeights(spec, settings, dataset.domains, texts)
  const drawing = performance.now()
  const batches = planEpoch(dataset, trainableUsers(dataset), { ...settings, epoch: 1 })
    .map((users, step) => buildBatch(dataset, spec, settings, users, createRandom(1, `batch/1/${step}`)))
  const batchMs = (performance.now() - drawing) / batches.length
  return { dataset, texts, settings, spec, weights, batches, batchMs }
}
