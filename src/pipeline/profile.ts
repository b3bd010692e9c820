import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest, StepPlan } from '../files/step.ts'
import { writeFileAtomic, writeNumbers } from '../files/write.ts'
import { cachedEmbedder } from '../llm/cached-embedder.ts'
import type { ChatModel } from '../llm/chat-model.ts'
import type { Estimate } from '../llm/dry-run.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { kMeansRuns } from '../numeric/kmeans.ts'
import type { Clusters } from '../numeric/kmeans.ts'
import { PROFILE, writeProfiles } from '../profile/profiles.ts'
import type { ProfileRows } from '../profile/profiles.ts'
import { PROFILE_TEMPLATES } from '../profile/tasks.ts'
import { writeProfileTexts } from '../profile/write-profiles.ts'
import type { UserProfile } from '../profile/write-profiles.ts'
import type { ChatChoice } from './chat-choice.ts'
import { openEmbedded } from './embed.ts'
import type { Embeddings } from './embed.ts'
import { dryRunOf } from './embedder-choice.ts'
import type { EmbedderChoice } from './embedder-choice.ts'
import type { ProfileSettings } from './profile-settings.ts'

const RESTARTS = 10

export interface ProfileStep {
  /** A directory that `embed` left. */
  readonly input: string
  readonly out: string
  readonly settings: Omit<ProfileSettings, 'chat'>
  readonly chat: ChatChoice
  /** The embedder of the items, by its name in their manifest: profiles are vectors of the same space. */
  readonly embedderNamed: (embedder: Embeddings['embedder']) => EmbedderChoice
  /** Where every vector is kept, so that a run that broke off goes on and a text is paid for once. */
  readonly cache: string
  /** Aborted: `interrupted` is thrown; what was answered until then stays in the cache. */
  readonly signal?: AbortSignal
  /** A stage begins, with so many things to do; its progress counts from 0. */
  readonly onStage?: (name: 'clusters' | 'parts' | 'profiles' | 'vectors', total: number) => void
  readonly onProgress?: (done: number) => void
}

/**
 * The step `profile`: what each user likes, in words and as a vector of the items' embedder, from the training part of
 * their history alone; nothing to do where `out` is made from the same embeddings and settings already. Beside the
 * vectors lie `profiles.jsonl`, with every note and who wrote it, and `clusters.i32`, the cluster of each item.
 */
export async function profileStep (step: ProfileStep): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { out, chat, settings, cache, signal } = step
  const { dataset, embeddings, plan } = await planOf(step)
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, PROFILE), skipped: true }

  const { scope, atOnce, open } = step.embedderNamed(embeddings.embedder)
  try {
    const manifest = await writeStep(out, plan, async (folder) => {
      const model = await chat.open()
      const embedder = await cachedEmbedder(await open(), { dir: cache, scope, atOnce })
      try {
        const made = await makeProfiles({ dataset, embeddings, settings, chat: model, embedder }, step)
        return await writeMade(folder, dataset, made, chat.id)
      } finally {
        await Promise.all([model.close(), embedder.close()])
      }
    })
    return { manifest, skipped: false }
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new IsthmusError('interrupted', 'profiling was stopped; the same call goes on from here', { cause: error })
  }
}

/** Counts what `profileStep` would have to pay for, and calls nobody; nothing where it has nothing to do. */
export async function dryProfile (step: ProfileStep, estimate: Estimate): Promise<void> {
  const { chat, settings, cache } = step
  const { dataset, embeddings, plan } = await planOf(step)
  if (await isCurrent(step.out, plan)) return
  const model = await chat.dry(estimate)
  const embedder = await dryRunOf(step.embedderNamed(embeddings.embedder), cache, estimate)
  try {
    await makeProfiles({ dataset, embeddings, settings, chat: model, embedder }, step)
  } finally {
    await Promise.all([model.close(), embedder.close()])
  }
}

async function planOf (
  { input: dir, chat, settings }: ProfileStep
): Promise<{ dataset: Dataset, embeddings: Embeddings, plan: StepPlan }> {
  const { dataset, embeddings } = await openEmbedded(dir)
  const plan = {
    step: PROFILE,
    input: { dir, digest: embeddings.manifest.digest },
    settings: { ...settings, chat: chat.settings, templates: PROFILE_TEMPLATES, embedder: embeddings.embedder },
  }
  return { dataset, embeddings, plan }
}

interface ProfileWork {
  readonly dataset: Dataset
  readonly embeddings: Embeddings
  readonly settings: Omit<ProfileSettings, 'chat'>
  readonly chat: ChatModel
  readonly embedder: TextEmbedder
}

interface MadeProfiles extends ProfileRows {
  /** [items]; absent where histories were not partitioned. */
  readonly labels?: Int32Array
  readonly profiles: readonly UserProfile[]
}

/** Clusters the items, has notes and profiles written, and embeds the profiles. */
async function makeProfiles (
  { dataset, embeddings, settings, chat, embedder }: ProfileWork,
  { signal, onStage, onProgress }: Pick<ProfileStep, 'signal' | 'onStage' | 'onProgress'>
): Promise<MadeProfiles> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const { attributes, clusters, latest, seed } = settings
  const labels = settings.partition
    ? await clusterItems(embeddings, { clusters, seed }, { ...options, ...(onStage && { onStage }) })
    : undefined
  const profiles = await writeProfileTexts({
    dataset, attributes, ...(labels && { partition: { labels, clusters: labels.reduce(max, 0) + 1, latest } }),
  }, chat, { ...options, ...(onStage && { onStage }) })

  const told = profiles.flatMap(({ profile }, user) => profile === undefined ? [] : [{ user, profile }])
  onStage?.('vectors', told.length)
  const vectors = await embedder.embed(told.map(({ profile }) => profile), options)
  const { width } = embedder
  const rows = new Float32Array(profiles.length * width)
  const known = new Float32Array(profiles.length)
  for (const [i, { user }] of told.entries()) {
    rows.set(vectors.subarray(i * width, (i + 1) * width), user * width)
    known[user] = 1
  }
  return { rows, known, profiles, ...(labels && { labels }) }
}

/** k-means over all items' raw embeddings; a catalogue of fewer items than clusters has one cluster an item. */
async function clusterItems (
  { rows, width }: Embeddings, { clusters, seed }: Pick<ProfileSettings, 'clusters' | 'seed'>,
  { signal, onStage, onProgress }: Pick<ProfileStep, 'signal' | 'onStage' | 'onProgress'>
): Promise<Int32Array> {
  onStage?.('clusters', RESTARTS)
  let best: Clusters | undefined
  let runs = 0
  for (const found of kMeansRuns(rows, width, Math.min(clusters, rows.length / width), { seed, restarts: RESTARTS })) {
    best = found
    onProgress?.(++runs)
    // A run computes for seconds: between two of them a signal can arrive.
    await setImmediate()
    signal?.throwIfAborted()
  }
  return best!.labels
}

async function writeMade (
  folder: string, { users }: Dataset, { rows, known, labels, profiles }: MadeProfiles, chat: string
): Promise<Record<string, unknown>> {
  const fields = await writeProfiles(folder, { rows, known }, chat)
  if (labels) await writeNumbers(join(folder, 'clusters.i32'), labels)
  const lines = profiles.map((profile, user) => `${JSON.stringify({ userId: users[user], chat, ...profile })}\n`)
  await writeFileAtomic(join(folder, 'profiles.jsonl'), lines.join(''))
  return { ...fields, notes: profiles.reduce((sum, { notes }) => sum + notes.length, 0) }
}

function max (a: number, b: number): number {
  return Math.max(a, b)
}
