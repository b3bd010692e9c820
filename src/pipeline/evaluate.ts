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
import { writeFileAtomic, writeNumbers } from '../files/write.ts'
import { COUNTING_BASELINES } from '../systems/baselines/counting.ts'
import type { CountingBaseline } from '../systems/baselines/counting.ts'

/** The name of the step that leaves an evaluation. */
export const EVALUATE = 'evaluate'

const REPORT = 'metrics.json'

export interface EvaluateSettings {
  /** Beside the full ranking, which is always there. */
  readonly modes: readonly EvaluationMode[]
  /** Of the interval of the headline; ranks have no chance in them. */
  readonly seed: number
}

export const DEFAULT_EVALUATE: EvaluateSettings = { modes: ['full', 'sampled-100'], seed: 42 }

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
  const modes = EVALUATION_MODES.filter((mode) => mode === 'full' || settings.modes.includes(mode))
  const plan = { step: EVALUATE, input, settings: { ...system, modes, seed: settings.seed } }
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, EVALUATE), skipped: true }

  const manifest = await writeStep(out, plan, async (dir) => {
    const { dataset, scorer, dispose } = await step.open()
    try {
      onStart?.(dataset.users.length)
      const { report, evaluations } = await evaluateAll(dataset, scorer, {
        modes, seed: settings.seed, ...(signal && { signal }), ...(onProgress && { onProgress }),
      })
      await writeFileAtomic(join(dir, REPORT), `${JSON.stringify(report, undefined, 2)}\n`)
      for (const { mode, ranks } of evaluations) await writeNumbers(join(dir, ranksFile(mode)), ranks)
      return { system: report.system, split: report.split, dataset: report.dataset }
    } finally {
      dispose()
    }
  })
  return { manifest, skipped: false }
}

/** A counting baseline on a directory that `prepare` left. */
export async function evaluateBaseline (
  baseline: CountingBaseline, step: Pick<EvaluateStep, 'out' | 'settings' | 'signal' | 'onStart' | 'onProgress'> & {
    /** A directory that `prepare` left. */
    readonly dataset: string
  }
): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { dataset: dir, ...rest } = step
  const { digest } = await readStep(dir, PREPARE)
  return evaluateStep({
    ...rest,
    input: { dir, digest },
    system: { baseline },
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

/**
 * Settings from what flags (texts) or a config file (JSON values) give. `modes` is `full,sampled-100,official` or a
 * list. Throws `config_invalid` with the field.
 */
export function evaluateSettings (given: Readonly<Record<string, unknown>>): EvaluateSettings {
  const { modes = DEFAULT_EVALUATE.modes, seed = DEFAULT_EVALUATE.seed, ...unknown } = given
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) refuse(stray, 'is not a setting of evaluate')
  const names: readonly unknown[] = typeof modes === 'string' ? modes.split(',') : Array.isArray(modes) ? modes : []
  const known = EVALUATION_MODES.filter((mode) => names.includes(mode))
  if (known.length === 0 || names.some((name) => !known.some((mode) => mode === name))) {
    refuse('modes', `is a list of ${EVALUATION_MODES.join(', ')}`)
  }
  if (typeof seed !== 'number' || !Number.isSafeInteger(seed) || seed < 0) refuse('seed', 'is a whole number from 0')
  return { modes: known, seed }
}

function refuse (field: string, what: string): never {
  throw new IsthmusError('config_invalid', `${field} ${what}`, { place: { field } })
}

function ranksFile (mode: EvaluationMode): string {
  return `ranks-${mode}.i32`
}
