import { join } from 'node:path'
import { openDataset, PREPARE } from '../data/dataset-files.ts'
import type { Dataset, Split } from '../data/dataset.ts'
import { domainOf, target } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { EVALUATION_MODES } from '../evaluate/evaluate.ts'
import type { Evaluation, EvaluationMode } from '../evaluate/evaluate.ts'
import { evaluateAll } from '../evaluate/report.ts'
import type { Report } from '../evaluate/report.ts'
import type { Scorer } from '../evaluate/scorer.ts'
import { readInt32, readJson } from '../files/read.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { jsonText, writeFileAtomic, writeNumbers } from '../files/write.ts'
import type { LoadedTf } from '../nn/tf.ts'
import { BASELINE_SETTINGS, COUNTING_BASELINES } from '../systems/baselines/counting.ts'
import type { CountingBaseline } from '../systems/baselines/counting.ts'
import { testSet } from '../systems/recg/sequences.ts'
import { createModel } from '../train/model.ts'
import type { EvaluateSettings } from './evaluate-settings.ts'
import { openRun, TRAIN } from './train.ts'

/** The name of the step that leaves an evaluation. */
export const EVALUATE = 'evaluate'

const REPORT = 'metrics.json'

/** A system that is ready to be ranked. Whoever opened it disposes of it. */
export interface Rankable {
  readonly dataset: Dataset
  readonly scorer: Scorer
  readonly dispose: () => void
}

export interface EvaluateStep {
  /** The directory that the system comes from, and its digest. */
  readonly input: { readonly dir: string, readonly digest: string }
  readonly out: string
  readonly settings: EvaluateSettings
  /** What else decides the figures, such as which baseline is counted. */
  readonly system?: Readonly<Record<string, unknown>>
  /** Called only where there is something to do. */
  readonly open: () => Promise<Rankable>
  readonly signal?: AbortSignal
  readonly onStart?: (users: number) => void
  /** Users done so far. */
  readonly onProgress?: (done: number) => void
}

/**
 * The step `evaluate`: metrics of a system on the test split, and the rank of each user; nothing to do where `out` is
 * made from the same input and settings already. Errors: those of `evaluateAll`, of `open`, and of files.
 */
export async function evaluateStep (step: EvaluateStep): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { input, out, settings, system, signal, onStart, onProgress } = step
  const plan = evaluationPlan(input, settings, system)
  const { modes } = plan.settings
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, EVALUATE), skipped: true }

  const manifest = await writeStep(out, plan, async (dir) => {
    const { dataset, scorer, dispose } = await step.open()
    try {
      onStart?.(dataset.users.length)
      const { report, evaluations } = await evaluateAll(dataset, scorer, {
        modes, seed: settings.seed, ...(signal && { signal }), ...(onProgress && { onProgress }),
      })
      await writeFileAtomic(join(dir, REPORT), jsonText(report))
      for (const { mode, ranks } of evaluations) await writeNumbers(join(dir, ranksFile(mode)), ranks)
      return { system: report.system, split: report.split, dataset: report.dataset }
    } finally {
      dispose()
    }
  })
  return { manifest, skipped: false }
}

/** What an evaluation is made from. */
export function evaluationPlan (
  input: EvaluateStep['input'], { modes, seed }: EvaluateSettings, system?: EvaluateStep['system']
) {
  const all = EVALUATION_MODES.filter((mode) => mode === 'full' || modes.includes(mode))
  return { step: EVALUATE, input, settings: { ...system, modes: all, seed } }
}

/** The parts of a step that do not depend on what is evaluated. */
export type EvaluateCall = Omit<EvaluateStep, 'input' | 'system' | 'open'>

/** A trained system: `run` is a directory that `train` left. */
export async function evaluateRun (
  step: EvaluateCall & { readonly run: string, readonly openTf: () => Promise<LoadedTf> }
): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { run: dir, openTf, ...rest } = step
  const { digest } = await readStep(dir, TRAIN)
  return evaluateStep({
    ...rest,
    input: { dir, digest },
    async open () {
      const run = await openRun(dir)
      const dataset = testSet(run.dataset, run.settings)
      const { tf, close } = await openTf()
      const model = createModel(tf, { ...run, dataset })
      return {
        dataset,
        scorer: model.scorer(),
        dispose () {
          model.dispose()
          close()
        },
      }
    },
  })
}

/** A counting baseline: `dataset` is a directory that `prepare` left. */
export async function evaluateBaseline (
  baseline: CountingBaseline, step: EvaluateCall & { readonly dataset: string }
): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { dataset: dir, ...rest } = step
  const { digest } = await readStep(dir, PREPARE)
  return evaluateStep({
    ...rest,
    input: { dir, digest },
    system: { baseline, ...BASELINE_SETTINGS[baseline] },
    async open () {
      const dataset = await openDataset(dir)
      return { dataset, scorer: COUNTING_BASELINES[baseline](dataset), dispose () {} }
    },
  })
}

/** What an evaluation's directory holds. */
export interface EvaluationFiles {
  readonly manifest: StepManifest
  readonly report: Report
}

/** Opens what `evaluate` left. Throws what `readStep` throws. */
export async function openEvaluation (dir: string): Promise<EvaluationFiles> {
  const manifest = await readStep(dir, EVALUATE)
  // Written by `evaluateStep`, and readStep has checked its hash.
  return { manifest, report: await readJson(join(dir, REPORT)) as Report }
}

/** The rank of each user in the full ranking, for a paired test. Throws `artefact_invalid` for another dataset's. */
export async function openRanks (dir: string, dataset: Dataset): Promise<Evaluation> {
  const { split, dataset: digest } = await readStep(dir, EVALUATE) as StepManifest & { split: Split, dataset: string }
  if (digest !== dataset.digest) {
    throw new IsthmusError('artefact_invalid', `${dir} is an evaluation on another dataset`, { place: { file: dir } })
  }
  const users = Int32Array.from(dataset.users.keys())
  const ranks = await readInt32(join(dir, ranksFile('full')), users.length)
  const domains = users.map((user) => domainOf(dataset.domains, target(dataset, user, split)))
  return { split, mode: 'full', users, ranks, domains }
}

function ranksFile (mode: EvaluationMode): string {
  return `ranks-${mode}.i32`
}
