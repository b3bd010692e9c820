import { rm } from 'node:fs/promises'
import { IsthmusError } from '../errors.ts'
import { readStep, writeStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import type { Moments } from '../nn/adam.ts'
import type { Weight, Weights } from '../nn/ops.ts'
import type { TrainingState } from './state.ts'
import { readWeights, writeWeights } from './weights-file.ts'

/** What a checkpoint belongs to: it goes on only with the same inputs, settings and backend. */
export interface CheckpointPlan {
  readonly input: { readonly dir: string, readonly digest: string }
  readonly settings: Readonly<Record<string, unknown>>
  readonly backend: string
}

const STEP = 'train-checkpoint'

/** Replaces the checkpoint at `dir` by this one, whole: a crash leaves the old or the new. */
export async function writeCheckpoint (dir: string, plan: CheckpointPlan, state: TrainingState): Promise<void> {
  const { phase, firstEpoch, epoch, step, sums, curve, seconds, best, start, adam } = state
  await writeStep(dir, { step: STEP, input: plan.input, settings: given(plan) }, async (folder) => {
    await writeWeights(folder, 'weights', state.weights)
    await writeWeights(folder, 'moments', flatMoments(adam.moments))
    if (best !== undefined) await writeWeights(folder, 'best', best.weights)
    return {
      state: {
        phase,
        firstEpoch,
        epoch,
        step,
        sums,
        curve,
        seconds,
        adamStep: adam.step,
        ...(best && { best: { epoch: best.epoch, ndcg10: best.ndcg10 } }),
        ...(start && { start }),
      },
    }
  })
}

/**
 * The state that was saved at `dir`, or undefined where nothing was.
 * @throws checkpoint_mismatch, naming the first field that differs, where it belongs to another run; what `readStep`
 * throws where it is damaged.
 */
export async function readCheckpoint (dir: string, plan: CheckpointPlan): Promise<TrainingState | undefined> {
  const manifest = await readStep(dir, STEP).catch((error: unknown) => {
    if (error instanceof IsthmusError && error.code === 'artefact_missing') return undefined
    throw error
  })
  if (manifest === undefined) return undefined
  refuseOther(dir, manifest, plan)
  // Written by writeCheckpoint, and readStep has checked the files.
  const { adamStep, best, ...plain } = manifest.state as SavedState
  const moments = foldMoments(await readWeights(dir, 'moments'))
  return {
    ...plain,
    weights: await readWeights(dir, 'weights'),
    adam: { step: adamStep, moments },
    ...(best && { best: { ...best, weights: await readWeights(dir, 'best') } }),
  }
}

/** Deletes a checkpoint whose run is finished. */
export async function removeCheckpoint (dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
}

type SavedState = Omit<TrainingState, 'weights' | 'adam' | 'best'> & {
  readonly adamStep: number
  readonly best?: { readonly epoch: number, readonly ndcg10: number }
}

function given ({ settings, backend }: CheckpointPlan): Record<string, unknown> {
  return { ...settings, backend }
}

function refuseOther (dir: string, manifest: StepManifest, plan: CheckpointPlan): void {
  const wanted = given(plan)
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(manifest.settings)])]
  const field = manifest.input?.digest !== plan.input.digest
    ? 'input'
    : names.find((name) => manifest.settings[name] !== wanted[name])
  if (field === undefined) return
  const difference = field === 'input' ? '' : ` (${String(manifest.settings[field])}, now ${String(wanted[field])})`
  throw new IsthmusError('checkpoint_mismatch',
    `${dir} holds a stopped run with another ${field}${difference}; finish that one, or start afresh`,
    { place: { field, file: dir } })
}

/** Each weight's two moments as one weight of two rows. */
function flatMoments (moments: ReadonlyMap<string, Moments>): Weights {
  return new Map([...moments].map(([name, { mean, square }]): [string, Weight] => {
    const data = new Float32Array(2 * mean.length)
    data.set(mean)
    data.set(square, mean.length)
    return [name, { shape: [2, mean.length], data }]
  }))
}

function foldMoments (weights: Weights): Map<string, Moments> {
  return new Map([...weights].map(([name, { shape, data }]) => {
    const [, size = 0] = shape
    return [name, { mean: data.slice(0, size), square: data.slice(size) }]
  }))
}
