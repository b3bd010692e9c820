import { join, resolve } from 'node:path'
import { openDataset, PREPARE } from '../data/dataset-files.ts'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { readFloat32 } from '../files/read.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest, StepPlan } from '../files/step.ts'
import { writeNumbers } from '../files/write.ts'
import type { Estimate } from '../llm/dry-run.ts'
import { itemPrompt, itemText } from '../llm/item-prompt.ts'
import type { ItemPrompt, ItemText } from '../llm/item-prompt.ts'
import { dryRunOf, openCached } from './embedder-choice.ts'
import type { EmbedderChoice } from './embedder-choice.ts'
import { orInterrupted } from './or-interrupted.ts'

/** The name of the step that leaves embeddings. */
export const EMBED = 'embed'

const ROWS = 'text.f32'

export interface EmbedStep {
  /** A directory that `prepare` left. */
  readonly input: string
  readonly out: string
  readonly embedder: EmbedderChoice
  readonly prompt?: Partial<ItemPrompt>
  /** Where every vector is kept, so that a run that broke off goes on and a text is paid for once. */
  readonly cache: string
  /** Aborted: `interrupted` is thrown; what was embedded until then stays in the cache. */
  readonly signal?: AbortSignal
  readonly onStart?: (items: number) => void
  /** Items done so far. */
  readonly onProgress?: (done: number) => void
}

/** What a directory of embeddings holds. */
export interface Embeddings {
  readonly manifest: StepManifest
  readonly embedder: { readonly id: string, readonly width: number }
  readonly prompt: ItemPrompt
  readonly width: number
  /** Row g - 1 for global id g, row-major [items, width], as the embedder gave them. */
  readonly rows: Float32Array
}

/**
 * The step `embed`: one vector per item of a dataset, or nothing to do where `out` is made from the same dataset,
 * embedder and prompt already.
 */
export async function embed (step: EmbedStep): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { plan, texts } = await planOf(step)
  if (await isCurrent(step.out, plan)) return { manifest: await readStep(step.out, EMBED), skipped: true }

  step.onStart?.(texts.length)
  const manifest = await writeStep(step.out, plan, async (dir) => {
    await writeNumbers(join(dir, ROWS), await embedTexts(texts.map(({ text }) => text), step))
    return { items: texts.length, undescribed: texts.filter(({ described }) => !described).length }
  })
  return { manifest, skipped: false }
}

/** Counts what `embed` would have to pay for, and calls nobody; nothing where it has nothing to do. */
export async function dryEmbed (step: EmbedStep, estimate: Estimate): Promise<void> {
  const { plan, texts } = await planOf(step)
  if (await isCurrent(step.out, plan)) return
  const embedder = await dryRunOf(step.embedder, step.cache, estimate)
  await embedder.embed(texts.map(({ text }) => text)).finally(async () => await embedder.close())
}

async function planOf (step: EmbedStep): Promise<{ plan: StepPlan, texts: readonly ItemText[] }> {
  const dataset = await openDataset(step.input)
  const embedder = { id: step.embedder.id, width: step.embedder.width }
  // Of a published data set, prepare has written what its items are called.
  const { nouns } = await readStep(step.input, PREPARE) as { nouns?: ItemPrompt['nouns'] }
  const prompt = itemPrompt(dataset.domains.map(({ name }) => name), {
    ...step.prompt, nouns: { ...nouns, ...step.prompt?.nouns },
  })
  const input = { dir: step.input, digest: dataset.digest }
  return {
    plan: { step: EMBED, input, settings: { embedder, prompt } },
    texts: dataset.items.map((item) => itemText(prompt, item.domain, item)),
  }
}

async function embedTexts (
  texts: readonly string[], { embedder, cache, signal, onProgress }: EmbedStep
): Promise<Float32Array> {
  const opened = await openCached(embedder, cache)
  return await orInterrupted('embedding', signal, async () =>
    await opened.embed(texts, { ...(signal && { signal }), ...(onProgress && { onProgress }) })
  ).finally(async () => await opened.close())
}

/**
 * Opens what `embed` left. Throws what `readStep` throws, and `artefact_invalid` where it was not made from `dataset`.
 */
export async function openEmbeddings (dir: string, dataset: Pick<Dataset, 'digest' | 'items'>): Promise<Embeddings> {
  const { manifest, embedder, prompt } = await readEmbedManifest(dir)
  if (manifest.input?.digest !== dataset.digest) {
    throw new IsthmusError('artefact_invalid', `${dir} was made from another ${PREPARE} directory`, {
      place: { file: dir, field: 'input' },
    })
  }
  const rows = await readFloat32(join(dir, ROWS), dataset.items.length * embedder.width)
  return { manifest, embedder, prompt, width: embedder.width, rows }
}

/** Opens what `embed` left and the dataset that it was made from. Throws what `readStep` and `openEmbeddings` throw. */
export async function openEmbedded (dir: string): Promise<{ dataset: Dataset, embeddings: Embeddings }> {
  const manifest = await readStep(dir, EMBED)
  const dataset = await openDataset(inputOf(dir, manifest))
  return { dataset, embeddings: await openEmbeddings(dir, dataset) }
}

/** The directory that the step in `dir` read, which has to lie where it lay. */
export function inputOf (dir: string, { input }: StepManifest): string {
  if (input !== undefined) return resolve(dir, input.dir)
  throw new IsthmusError('artefact_invalid', `${dir} does not say what it was made from`, {
    place: { file: dir, field: 'input' },
  })
}

/** Throws `artefact_invalid` where the input of the step in `dir` has another digest now. */
export function refuseChanged (dir: string, { input }: StepManifest, digest: string): void {
  if (input?.digest === digest) return
  throw new IsthmusError('artefact_invalid', `${dir} was made from something else than its input now holds`, {
    place: { file: dir, field: 'input' },
  })
}

/** The manifest of a directory that `embed` left. Throws what `readStep` throws. */
export async function readEmbedManifest (dir: string): Promise<Pick<Embeddings, 'manifest' | 'embedder' | 'prompt'>> {
  const manifest = await readStep(dir, EMBED)
  // Written by `embed`, and readStep has checked whose manifest it is.
  const { embedder, prompt } = manifest.settings as { embedder: Embeddings['embedder'], prompt: ItemPrompt }
  return { manifest, embedder, prompt }
}
