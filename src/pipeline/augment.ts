import { join } from 'node:path'
import { AUGMENT, writeAugmentation } from '../augment/augmentation-files.ts'
import { auditLines, outcomes } from '../augment/audit.ts'
import { catalogueExtract, countSources } from '../augment/catalogue-extract.ts'
import { directionsOf } from '../augment/directions.ts'
import { WANTED_RATE } from '../augment/filter.ts'
import { generate, insertGenerated } from '../augment/make-augmentation.ts'
import type { AugmentWork, MadeAugmentation } from '../augment/make-augmentation.ts'
import { writeLines } from '../data/dataset-files.ts'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { canonicalJson } from '../files/hash.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest, StepPlan } from '../files/step.ts'
import type { Estimate } from '../llm/dry-run.ts'
import { EXTRACTIVE } from '../llm/extractive-chat.ts'
import type { Extract } from '../llm/extractive-chat.ts'
import { GENERATE } from '../llm/prompts/generate.ts'
import { unitRows } from '../numeric/cosine.ts'
import type { AugmentSettings } from './augment-settings.ts'
import type { ChatChoice } from './chat-choice.ts'
import { clusterDomains, RESTARTS } from './cluster-items.ts'
import { openEmbedded } from './embed.ts'
import type { Embeddings } from './embed.ts'
import { dryRunOf, openCached } from './embedder-choice.ts'
import type { EmbedderChoice } from './embedder-choice.ts'
import { noMemo } from './memo.ts'
import type { Memo } from './memo.ts'
import { orInterrupted } from './or-interrupted.ts'

export interface AugmentStep {
  /** A directory that `embed` left. */
  readonly input: string
  readonly out: string
  readonly settings: Omit<AugmentSettings, 'chat'>
  readonly chat: ChatChoice
  /** The embedder of the items, by its name in their manifest: generated items are vectors of the same space. */
  readonly embedderNamed: (embedder: Embeddings['embedder']) => EmbedderChoice
  /** Where every vector is kept, so that a run that broke off goes on and a text is paid for once. */
  readonly cache: string
  /** Where work of an equal step may be known from. */
  readonly memo?: Memo
  /** Aborted: `interrupted` is thrown; what was answered until then stays in the cache. */
  readonly signal?: AbortSignal
  /** A stage begins, with so many things to do; its progress counts from 0. */
  readonly onStage?: (
    name: 'clusters' | 'neighbours' | 'generation' | 'vectors' | 'grounding', total: number
  ) => void
  readonly onProgress?: (done: number) => void
}

/**
 * The step `augment`: synthetic events between the training events of users, of items that a chat model makes up for
 * them in the domains that they did not choose from, and their vectors (LLM-EDT, 3.2). Nothing but training events is
 * looked at; nothing to do where `out` is made from the same embeddings and settings already. What lies in `out` stands
 * in docs/architecture.md; `audit.jsonl` has a line for each user.
 */
export async function augmentStep (step: AugmentStep): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { out, chat, cache, signal } = step
  const { plan, ...shop } = await planOf(step)
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, AUGMENT), skipped: true }

  const choice = step.embedderNamed(shop.embeddings.embedder)
  return await orInterrupted('augmenting', signal, async () => {
    const manifest = await writeStep(out, plan, async (folder) => {
      const prepared = await prepareWork(step, shop)
      const model = await chat.open(prepared.extracts)
      const embedder = await openCached(choice, cache)
      try {
        const work = { ...prepared, chat: model, embedder }
        const made = await insertGenerated(work, await generate(work, step), step)
        return await writeMade(folder, work, made)
      } finally {
        await Promise.all([model.close(), embedder.close()])
      }
    })
    return { manifest, skipped: false }
  })
}

/** Counts what `augmentStep` would have to pay for, and calls nobody; nothing where it has nothing to do. */
export async function dryAugment (step: AugmentStep, estimate: Estimate): Promise<void> {
  const { plan, ...shop } = await planOf(step)
  if (await isCurrent(step.out, plan)) return
  const prepared = await prepareWork(step, shop)
  const chat = await step.chat.dry(estimate, prepared.extracts)
  const embedder = await dryRunOf(step.embedderNamed(shop.embeddings.embedder), step.cache, estimate)
  try {
    await generate({ ...prepared, chat, embedder }, step)
  } finally {
    await Promise.all([chat.close(), embedder.close()])
  }
}

interface Shop { readonly dataset: Dataset, readonly embeddings: Embeddings }

async function planOf ({ input: dir, chat, settings }: AugmentStep): Promise<Shop & { plan: StepPlan }> {
  const { dataset, embeddings } = await openEmbedded(dir)
  if (dataset.domains.length < 2) {
    throw new IsthmusError('config_invalid', 'augment needs a dataset of at least two domains', { place: { field: 'in' } })
  }
  const plan = {
    step: AUGMENT,
    input: { dir, digest: embeddings.manifest.digest },
    settings: { ...settings, chat: chat.settings, templates: [GENERATE.name], embedder: embeddings.embedder },
  }
  return { dataset, embeddings, plan }
}

interface Prepared extends Omit<AugmentWork, 'chat' | 'embedder'> {
  /** What the stand-in for a chat model answers with. */
  readonly extracts: Readonly<Record<string, Extract>>
}

/** All that comes before the first question. */
async function prepareWork (
  { settings, chat, memo = noMemo, signal, onStage, onProgress }: AugmentStep, { dataset, embeddings }: Shop
): Promise<Prepared> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const { kmeansK: clusters, nGenerate, seed } = settings
  onStage?.('clusters', RESTARTS * dataset.domains.length)
  const found = await clusterDomains(embeddings, dataset.domains, { clusters, seed, memo, ...options })
  const directions = directionsOf(dataset, embeddings.rows, found)
  const texts = { rows: unitRows(embeddings.rows, embeddings.width), width: embeddings.width }
  const prepared = { dataset, directions, texts, prompt: embeddings.prompt, settings }
  if (chat.id !== EXTRACTIVE) return { ...prepared, extracts: {} }
  onStage?.('neighbours', countSources(dataset, directions))
  // Which items are asked for follows from the clusters.
  const key = canonicalJson(['extract', embeddings.manifest.digest, clusters, seed, nGenerate])
  const extract = await memo(key, () => catalogueExtract(dataset, texts, directions, nGenerate, options))
  return { ...prepared, extracts: { [GENERATE.name]: extract } }
}

async function writeMade (folder: string, work: AugmentWork, made: MadeAugmentation): Promise<Record<string, unknown>> {
  const { dataset, chat } = work
  const { augmentation, vectors, tau } = made
  const counts = await writeAugmentation(folder, { augmentation, ...vectors })
  await writeLines(join(folder, 'audit.jsonl'), auditLines(work, made), (line) => JSON.stringify(line))
  const perUser = counts.syntheticEvents / dataset.users.length
  return {
    ...counts,
    chat: chat.id,
    questions: work.directions.length,
    outcomes: outcomes(made),
    perUser,
    ...(tau !== undefined && { tau }),
    inPaperRange: perUser >= WANTED_RATE.least && perUser <= WANTED_RATE.most,
    augmentedUsers: countAugmented(augmentation.synthetic, augmentation.offsets),
    freshByDomain: Object.fromEntries(dataset.domains.map(({ name }) =>
      [name, augmentation.items.filter(({ domain }) => domain === name).length])),
  }
}

function countAugmented (synthetic: Int32Array, offsets: Uint32Array): number {
  const has = Array.from(offsets.subarray(1), (to, user) => synthetic.subarray(offsets[user]!, to).includes(1))
  return has.filter(Boolean).length
}
