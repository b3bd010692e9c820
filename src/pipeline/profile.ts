import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest, StepPlan } from '../files/step.ts'
import { writeFileAtomic, writeNumbers } from '../files/write.ts'
import type { ChatModel } from '../llm/chat-model.ts'
import type { Estimate } from '../llm/dry-run.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { PROFILE, writeProfiles } from '../profile/profiles.ts'
import type { ProfileRows } from '../profile/profiles.ts'
import { DOMAIN_AWARE_TEMPLATES, PROFILE_TEMPLATES } from '../profile/tasks.ts'
import { writeDomainAwareTexts } from '../profile/write-domain-aware.ts'
import { writeProfileTexts } from '../profile/write-profiles.ts'
import type { UserProfile } from '../profile/write-profiles.ts'
import type { ChatChoice } from './chat-choice.ts'
import { clusterDomains, clusterItems, RESTARTS } from './cluster-items.ts'
import type { Embeddings } from './embed.ts'
import { dryRunOf, openCached } from './embedder-choice.ts'
import type { EmbedderChoice } from './embedder-choice.ts'
import { openItemTexts } from './item-texts.ts'
import type { Memo } from './memo.ts'
import { orInterrupted } from './or-interrupted.ts'
import type { ProfileSettings } from './profile-settings.ts'

export interface ProfileStep {
  /** A directory that `embed` left, or `augment`: then synthetic events are read too. */
  readonly input: string
  readonly out: string
  readonly settings: Omit<ProfileSettings, 'chat'>
  readonly chat: ChatChoice
  /** The embedder of the items, by its name in their manifest: profiles are vectors of the same space. */
  readonly embedderNamed: (embedder: Embeddings['embedder']) => EmbedderChoice
  /** Where every vector is kept, so that a run that broke off goes on and a text is paid for once. */
  readonly cache: string
  /** Where work of an equal step may be known from. */
  readonly memo?: Memo
  /** Aborted: `interrupted` is thrown; what was answered until then stays in the cache. */
  readonly signal?: AbortSignal
  /** A stage begins, with so many things to do; its progress counts from 0. */
  readonly onStage?: (name: 'clusters' | 'reforms' | 'parts' | 'profiles' | 'vectors', total: number) => void
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

  const choice = step.embedderNamed(embeddings.embedder)
  return await orInterrupted('profiling', signal, async () => {
    const manifest = await writeStep(out, plan, async (folder) => {
      const model = await chat.open()
      const embedder = await openCached(choice, cache)
      try {
        const made = await makeProfiles({ dataset, embeddings, settings, chat: model, embedder }, step)
        return await writeMade(folder, dataset, made, chat.id)
      } finally {
        await Promise.all([model.close(), embedder.close()])
      }
    })
    return { manifest, skipped: false }
  })
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
  const { dataset, embeddings, digest } = await openItemTexts(dir)
  const { mode, ...mixed } = settings
  // Profiles of the one mode there was at first stay what they were.
  const own = mode === 'mixed' ? { ...mixed, templates: PROFILE_TEMPLATES } : { ...settings, templates: DOMAIN_AWARE_TEMPLATES }
  const plan = {
    step: PROFILE,
    input: { dir, digest },
    settings: { ...own, chat: chat.settings, embedder: embeddings.embedder },
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

/** What the profiles say, before they are vectors. */
interface ProfileTexts {
  readonly profiles: readonly UserProfile[]
  /** The cluster of each item, fresh ones last; in its own domain with `domain-aware`; absent without clusters. */
  readonly labels?: Int32Array
  /** Options in the model's words. */
  readonly reforms?: ReadonlyMap<string, string>
}

type MadeProfiles = ProfileRows & ProfileTexts

type Tell = Pick<ProfileStep, 'memo' | 'signal' | 'onStage' | 'onProgress'>

/** Clusters the items, has notes and profiles written, and embeds the profiles. */
async function makeProfiles (work: ProfileWork, tell: Tell): Promise<MadeProfiles> {
  const { settings, embedder } = work
  const { signal, onStage, onProgress } = tell
  const texts = settings.mode === 'mixed' ? await mixedTexts(work, tell) : await domainAwareTexts(work, tell)
  const told = texts.profiles.flatMap(({ profile }, user) => profile === undefined ? [] : [{ user, profile }])
  onStage?.('vectors', told.length)
  const vectors = await embedder.embed(told.map(({ profile }) => profile), {
    ...(signal && { signal }), ...(onProgress && { onProgress }),
  })
  const { width } = embedder
  const rows = new Float32Array(texts.profiles.length * width)
  const known = new Float32Array(texts.profiles.length)
  for (const [i, { user }] of told.entries()) {
    rows.set(vectors.subarray(i * width, (i + 1) * width), user * width)
    known[user] = 1
  }
  return { ...texts, rows, known }
}

/** LLM4CDSR: clusters of all domains together. */
async function mixedTexts (
  { dataset, embeddings, settings, chat }: ProfileWork, { memo, signal, onStage, onProgress }: Tell
): Promise<ProfileTexts> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const { attributes, latest } = settings
  const write = { ...options, ...(onStage && { onStage }) }
  if (!settings.partition) return { profiles: await writeProfileTexts({ dataset, attributes }, chat, write) }
  onStage?.('clusters', RESTARTS)
  const { rows, width } = embeddings
  const { labels } = await clusterItems(rows, width, { ...settings, ...options, ...(memo && { memo }) })
  const partition = { labels, clusters: labels.reduce(max, 0) + 1, latest }
  return { labels, profiles: await writeProfileTexts({ dataset, attributes, partition }, chat, write) }
}

/** LLM-EDT: clusters of each domain by itself, and how the user's choices are spread over them. */
async function domainAwareTexts (
  { dataset, embeddings, settings, chat }: ProfileWork, { memo, signal, onStage, onProgress }: Tell
): Promise<ProfileTexts> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const { domains } = dataset
  onStage?.('clusters', RESTARTS * domains.length)
  const clusters = await clusterDomains(embeddings, domains, { ...settings, ...options, ...(memo && { memo }) })
  const own = clusters.map(({ labels }) => labels)
  const labels = new Int32Array(embeddings.rows.length / embeddings.width)
  for (const [k, { offset, size, fresh }] of domains.entries()) {
    labels.set(own[k]!.subarray(0, size), offset)
    if (fresh !== undefined) labels.set(own[k]!.subarray(size), fresh.offset)
  }
  const question = { dataset, labels: own, ...settings, nouns: embeddings.prompt.nouns }
  return { labels, ...await writeDomainAwareTexts(question, chat, { ...options, ...(onStage && { onStage }) }) }
}

async function writeMade (
  folder: string, { users }: Dataset, { rows, known, labels, profiles, reforms }: MadeProfiles, chat: string
): Promise<Record<string, unknown>> {
  const fields = await writeProfiles(folder, { rows, known }, chat)
  if (labels) await writeNumbers(join(folder, 'clusters.i32'), labels)
  const lines = profiles.map((profile, user) => `${JSON.stringify({ userId: users[user], chat, ...profile })}\n`)
  await writeFileAtomic(join(folder, 'profiles.jsonl'), lines.join(''))
  return {
    ...fields,
    notes: profiles.reduce((sum, { notes }) => sum + notes.length, 0),
    ...(reforms && { reforms: Object.fromEntries(reforms) }),
  }
}

function max (a: number, b: number): number {
  return Math.max(a, b)
}
