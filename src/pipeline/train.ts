import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withoutAugmentation } from '../data/augmentation.ts'
import type { Dataset } from '../data/dataset.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { writeFileAtomic } from '../files/write.ts'
import type { Weights } from '../nn/ops.ts'
import type { LoadedTf } from '../nn/tf.ts'
import { resolveSettings } from '../systems/settings.ts'
import type { Settings } from '../systems/settings.ts'
import { systemSpec } from '../systems/spec.ts'
import type { SystemSpec } from '../systems/spec.ts'
import { readCheckpoint, removeCheckpoint, writeCheckpoint } from '../train/checkpoint.ts'
import { curveColumn, curveCsv, curveSvg } from '../train/curve.ts'
import { train } from '../train/loop.ts'
import type { Trained, TrainReporter } from '../train/loop.ts'
import type { BestEpoch, PhaseStart, TrainingState } from '../train/state.ts'
import { readWeights, writeWeights } from '../train/weights-file.ts'
import { inputOf, refuseChanged } from './embed.ts'
import type { Embeddings } from './embed.ts'
import { pretrainedRun, refuseOtherFirstPhase, withPretrained } from './pretrained.ts'
import type { Pretrained } from './pretrained.ts'
import { openTrainInput, readTrainInput } from './train-input.ts'
import type { TrainSettings } from './train-settings.ts'

/** The name of the step that leaves a run. */
export const TRAIN = 'train'

export interface TrainStep {
  /** A directory that `embed`, `augment` or `profile` left; systems that know what to do with profiles use them. */
  readonly input: string
  readonly out: string
  readonly settings: TrainSettings
  /** Called only where there is something to train. */
  readonly openTf: () => Promise<LoadedTf>
  /** A finished run of the same system on the same input, whose first phase is to be the first phase. */
  readonly pretrained?: string | undefined
  /** Begin anew where a stopped run of `out` could go on. */
  readonly fresh?: boolean
  /** Aborted: the step under way is finished and saved, and `interrupted` thrown. */
  readonly signal?: AbortSignal
  /** Told once, before the first step. */
  readonly onStart?: (start: TrainStart) => void
  readonly reporter?: (settings: Settings) => TrainReporter
}

export interface TrainStart {
  readonly settings: Settings
  readonly backend: LoadedTf['backend']
  readonly gpu: boolean
  readonly users: number
  readonly items: number
  /** Numbers that training may move. */
  readonly parameters: number
  /** Where a stopped run goes on: the epoch, and its steps that are done. */
  readonly resumed?: { readonly epoch: number, readonly step: number }
}

/**
 * The step `train`: the weights of a system on a dataset's embeddings, how its training went, and every resolved
 * setting; nothing to do where `out` is made from the same input and settings already. Beside `out` lies
 * `out`.checkpoint until the run is finished, from which the same call goes on.
 * @throws config_invalid, checkpoint_mismatch, interrupted, training_diverged, dataset_empty and those of files.
 */
export async function trainStep (step: TrainStep): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { input: dir, out, signal, reporter } = step
  const pretrained = step.pretrained === undefined ? undefined : await openPretrained(step.pretrained)
  const plan = withPretrained(await runPlan(dir, step.settings), pretrained)
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, TRAIN), skipped: true }
  const { input, settings } = plan
  const { dataset: whole, embeddings, profiles } = await openTrainInput(dir)
  const dataset = learntFrom(whole, settings)

  if (pretrained !== undefined) refuseOtherFirstPhase(pretrained, { plan, dataset, embeddings })

  const checkpoint = checkpointOf(out)
  if (step.fresh === true) await removeCheckpoint(checkpoint)
  const { tf, backend, gpu, close } = await step.openTf()
  try {
    const spec = systemSpec(settings, dataset.domains)
    const kept = { input, settings: { ...plan.settings }, backend }
    const from = await readCheckpoint(checkpoint, kept)
    const tell = (state: TrainingState | undefined, weights: Weights): void => step.onStart?.({
      settings,
      backend,
      gpu,
      users: dataset.users.length,
      items: dataset.items.length,
      parameters: countTrained(spec, weights),
      ...(state && { resumed: { epoch: state.epoch, step: state.step } }),
    })
    const trained = await train({ tf, dataset, texts: embeddings, profiles, spec, settings }, {
      from,
      pretrained: pretrained?.best,
      ...(signal && { signal }),
      ...(reporter && { reporter: reporter(settings) }),
      onStart: (weights) => tell(from, weights),
      save: (state) => writeCheckpoint(checkpoint, kept, state),
    })
    const manifest = await writeStep(out, plan, async (folder) => {
      await writeRun(folder, trained)
      const chat = spec.losses.some(({ on }) => 'users' in on) ? profiles?.chat : undefined
      return { ...runFields(trained, { dataset, embeddings, spec, backend, gpu }), ...(chat !== undefined && { chat }) }
    })
    await removeCheckpoint(checkpoint)
    return { manifest, skipped: false }
  } finally {
    close()
  }
}

/** What a run is made from: the digest of what lies in `dir`, and every setting resolved. Throws `config_invalid`. */
export async function runPlan (
  dir: string, { system, preset, overrides }: TrainSettings
): Promise<{ step: string, input: { dir: string, digest: string }, settings: Settings & Record<string, unknown> }> {
  const { digest, textWidth, profiled } = await readTrainInput(dir)
  return {
    step: TRAIN,
    input: { dir, digest },
    settings: { ...resolveSettings(system, preset, textWidth, overrides, profiled) },
  }
}

/** The manifest of a run. Throws what `readStep` throws. */
export function openRunManifest (dir: string): Promise<StepManifest> {
  return readStep(dir, TRAIN)
}

/** A finished run with all that it was made from: what a model is made of (`createModel`), and what export writes. */
export interface Run {
  readonly dir: string
  readonly manifest: StepManifest
  readonly dataset: Dataset
  readonly embeddings: Embeddings
  /** The embeddings again, by the name that a model knows them by. */
  readonly texts: Embeddings
  readonly settings: Settings
  readonly spec: SystemSpec
  readonly weights: Weights
}

/**
 * Opens what `train` left, and follows its inputs: embeddings and dataset have to lie where they lay. Throws what
 * `readStep` throws, and `artefact_invalid` where an input has been made anew since.
 */
export async function openRun (dir: string): Promise<Run> {
  const manifest = await readStep(dir, TRAIN)
  const { dataset: whole, embeddings, digest } = await openTrainInput(inputOf(dir, manifest))
  refuseChanged(dir, manifest, digest)
  // Written by trainStep, and readStep has checked whose manifest it is.
  const settings = manifest.settings as unknown as Settings
  const dataset = learntFrom(whole, settings)
  const spec = systemSpec(settings, dataset.domains)
  const weights = await readWeights(dir, WEIGHTS)
  return { dir, manifest, dataset, embeddings, texts: embeddings, settings, spec, weights }
}

/** Validation NDCG@10 of the run in `dir`, by epoch. */
export async function readLearningCurve (dir: string): Promise<ReturnType<typeof curveColumn>> {
  return curveColumn(await readFile(join(dir, CURVE), 'utf8'), 'ndcg10')
}

const WEIGHTS = 'weights'
const CURVE = 'curve.csv'

/** Throws what `readStep` throws, which compares the hash of every file. */
async function openPretrained (dir: string): Promise<Pretrained> {
  return pretrainedRun(dir, await openRunManifest(dir), await readWeights(dir, WEIGHTS))
}

/** Without the events that augmentation added, where the settings leave them out. */
function learntFrom (dataset: Dataset, { aug }: Settings): Dataset {
  return aug === false ? withoutAugmentation(dataset) : dataset
}

function checkpointOf (out: string): string {
  return `${resolve(out)}.checkpoint`
}

async function writeRun (folder: string, { weights, curve, ...came }: Trained): Promise<void> {
  await writeWeights(folder, WEIGHTS, weights)
  await writeFileAtomic(join(folder, CURVE), curveCsv(curve))
  await writeFileAtomic(join(folder, 'curve.svg'), curveSvg(curve, bestEpoch(came)))
}

function runFields (
  { weights, best, curve, seconds, start }: Trained,
  { dataset, embeddings, spec, backend, gpu }: {
    dataset: Dataset, embeddings: Embeddings, spec: SystemSpec, backend: string, gpu: boolean,
  }
): Record<string, unknown> {
  return {
    system: spec,
    backend,
    gpu,
    dataset: dataset.digest,
    embedder: embeddings.embedder,
    domains: dataset.domains,
    parameters: countTrained(spec, weights),
    epochs: curve.length,
    best: {
      epoch: bestEpoch({ best, start }),
      validation: best.epoch === start?.epoch ? start.metrics : curve.find((row) => row.epoch === best.epoch)!.metrics,
    },
    ...(start?.before && { finetune: finetuneFacts(start, start.before, best) }),
    seconds: Math.round(seconds.reduce((sum, each) => sum + each, 0)),
  }
}

/** The epoch that the weights are of: where a phase gained nothing, one of the phase before; 0 is before the first. */
function bestEpoch ({ best, start }: { best: BestEpoch, start?: PhaseStart | undefined }): number {
  return best.epoch === start?.epoch ? start.before?.epoch ?? best.epoch : best.epoch
}

/** What the last phase began with, and came to. */
export interface FinetuneFacts {
  /** Validation NDCG@10 of the phase before, of this phase before its first step, and of its best epoch. */
  readonly before: number
  readonly start: number
  readonly best: number
  /** The best epoch, from 1; 0: none was better than the start. */
  readonly bestEpoch: number
}

function finetuneFacts (
  { epoch, metrics }: PhaseStart, before: Required<PhaseStart>['before'], best: BestEpoch
): FinetuneFacts {
  return { before: before.ndcg10, start: metrics['ndcg10']!, best: best.ndcg10, bestEpoch: best.epoch - epoch }
}

function countTrained (spec: SystemSpec, weights: Weights): number {
  const groups = spec.phases.flatMap(({ train }) => train)
  return [...weights].reduce((sum, [name, { data }]) =>
    groups.some((group) => name.startsWith(group)) ? sum + data.length : sum, 0)
}
