import type { Dataset } from '../../src/data/dataset.ts'
import type { Weights } from '../../src/nn/ops.ts'
import { createRandom } from '../../src/random.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import type { ItemTexts, UserProfiles } from '../../src/systems/initial-weights.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import type { Settings } from '../../src/systems/settings.ts'
import { phaseSpec, systemSpec } from '../../src/systems/spec.ts'
import type { Phase, SystemSpec } from '../../src/systems/spec.ts'
import { buildBatch } from '../../src/train/batch.ts'
import type { TrainingBatch } from '../../src/train/batch.ts'
import { planEpoch, trainableUsers } from '../../src/train/epoch-plan.ts'
import { type Log, madeUpProfiles } from './made-up-log.ts'
import { STEP_SYSTEMS } from './step-systems.ts'
import type { StepSystem } from './step-systems.ts'

/** Something to train: a system at its start, and a batch for each step of its first phase. */
export interface Problem {
  readonly dataset: Dataset
  readonly texts: ItemTexts
  /** Of systems that are trained with some. */
  readonly profiles: UserProfiles | undefined
  readonly settings: Settings
  readonly phase: Phase
  /** What the phase trains. */
  readonly spec: SystemSpec
  /** Of the whole system, also those of later phases. */
  readonly weights: Weights
  readonly batches: readonly TrainingBatch[]
  /** Milliseconds to draw and pack a batch. */
  readonly batchMs: number
}

export interface ProblemOptions {
  readonly system: StepSystem
  readonly batchSize: number
  /** What is trained on: a made-up log, or a real one. */
  readonly log: Log
}

/** Inputs that a history has at most. */
export const LENGTH = 50

/**
 * An epoch of a system of width 128; the same for the same log. Profiles are made up, and no event is synthetic: in a
 * step of LLM-EDT those cost what real ones do.
 */
export function makeProblem ({ system, batchSize, log: { dataset, texts } }: ProblemOptions): Problem {
  const profiles = STEP_SYSTEMS[system].profiles ? madeUpProfiles(dataset) : undefined
  const settings = resolveSettings(system, 'product', texts.width, {
    width: 128, length: LENGTH, batchSize, localInit: 'random',
  }, profiles !== undefined)
  const whole = systemSpec(settings, dataset.domains)
  const phase = whole.phases[0]!
  const spec = phaseSpec(whole, phase, 'train')
  const weights = initialWeights(whole, settings, dataset.domains, texts)
  const known = { profiled: profiles?.known }
  const drawing = performance.now()
  const batches = planEpoch(dataset, trainableUsers(dataset), { ...settings, epoch: 1 })
    .map((users, step) => buildBatch(dataset, spec, settings, users, createRandom(1, `batch/1/${step}`), known))
  const batchMs = (performance.now() - drawing) / batches.length
  return { dataset, texts, profiles, settings, phase, spec, weights, batches, batchMs }
}
