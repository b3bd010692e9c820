import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import type { StepManifest } from '../files/step.ts'
import type { Weights } from '../nn/ops.ts'
import { ADAPTERS } from '../systems/edt/spec.ts'
import { refuse } from '../systems/setting-checks.ts'
import type { Settings } from '../systems/settings.ts'
import type { BestEpoch } from '../train/state.ts'
import type { Embeddings } from './embed.ts'
import type { FinetuneFacts } from './train.ts'

/** A finished run of llm-edt, of which another takes the first phase. */
export interface Pretrained {
  readonly dir: string
  readonly manifest: StepManifest
  readonly best: BestEpoch
}

type Plan = { readonly input: { readonly digest: string }, readonly settings: Settings & Record<string, unknown> }

/** What the second phase reads with, and so has to have in common with the first. */
const SHARED = [
  'width', 'heads', 'embScale', 'maskMode', 'layers', 'length', 'backbone', 'ffn', 'globalItems', 'itemNorm',
] as const satisfies ReadonlyArray<keyof Settings>

/** The first phase of the run in `dir`, whatever its second came to. */
export function pretrainedRun (dir: string, manifest: StepManifest, weights: Weights): Pretrained {
  // Written by `train`; a run of both phases says what the first came to.
  const { best, finetune } = manifest as unknown as {
    best: { validation: Record<string, number> }, finetune?: FinetuneFacts
  }
  return {
    dir,
    manifest,
    best: {
      // None of the run that takes it.
      epoch: 0,
      ndcg10: finetune?.before ?? best.validation['ndcg10']!,
      weights: new Map([...weights].filter(([name]) => !name.startsWith(`${ADAPTERS}.`))),
    },
  }
}

/** The plan of a run that takes its first phase from another. Throws `config_invalid` for one without two phases. */
export function withPretrained<P extends Plan> (plan: P, pretrained: Pretrained | undefined): P {
  if (pretrained === undefined) return plan
  if (plan.settings.dft !== true) refuse('pretrained', 'is for llm-edt with its second phase')
  return { ...plan, settings: { ...plan.settings, pretrained: pretrained.manifest.digest } }
}

/**
 * Throws `checkpoint_mismatch`, naming the first field that differs, where the run's first phase is no beginning for
 * this second one: by other embeddings, on other data, or of another shape.
 */
export function refuseOtherFirstPhase (
  { dir, manifest }: Pretrained,
  { plan, dataset, embeddings }: { plan: Plan, dataset: Pick<Dataset, 'digest'>, embeddings: Pick<Embeddings, 'embedder'> }
): void {
  const embedder = manifest.embedder as Embeddings['embedder'] // Written by `train`.
  const differences: Array<readonly [field: string, theirs: unknown, ours: unknown]> = [
    ['system', manifest.settings.system, plan.settings.system],
    ['embedder', `${embedder.id}/${embedder.width}`, `${embeddings.embedder.id}/${embeddings.embedder.width}`],
    ['dataset', manifest.dataset, dataset.digest],
    ['input', manifest.input?.digest, plan.input.digest],
    ...SHARED.map((field) => [field, manifest.settings[field], plan.settings[field]] as const),
  ]
  const found = differences.find(([, theirs, ours]) => theirs !== ours)
  if (found === undefined) return
  const [field, theirs, ours] = found
  throw new IsthmusError('checkpoint_mismatch',
    `${dir} was trained with another ${field} (${String(theirs)}, now ${String(ours)}): it is no first phase of this run`,
    { place: { field, file: dir } })
}
