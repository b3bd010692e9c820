import { trainPrefix } from '../data/dataset.ts'
import type { Augmentation, Dataset } from '../data/dataset.ts'
import type { ChatAnswer, ChatModel, ChatTask } from '../llm/chat-model.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { EXTRACTIVE } from '../llm/extractive-chat.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'
import { createRandom } from '../random.ts'
import { choose } from './choose.ts'
import type { ChoiceSettings } from './choose.ts'
import { generateTask } from './directions.ts'
import type { AskOptions, Direction } from './directions.ts'
import type { UnitRows } from './filter.ts'
import { freshItems } from './fresh.ts'
import { ground } from './ground.ts'
import { insert, moved } from './insert.ts'
import type { Insertion } from './insert.ts'
import { readAnswers } from './read-answers.ts'
import type { Candidate } from './read-answers.ts'
import { embedCandidates, scoreCandidates } from './score-candidates.ts'

export interface AugmentOptions extends ChoiceSettings, Pick<AskOptions, 'nGenerate' | 'attributes'> {
  readonly insert: Insertion
  /** Whether an item of the catalogue stands for a generated one that it is near enough to. */
  readonly ground: boolean
  /** The least cosine for that. */
  readonly groundTau: number
}

export interface AugmentWork {
  readonly dataset: Dataset
  readonly directions: readonly Direction[]
  /** Unit vectors of the catalogue's texts, row g - 1 for global id g. */
  readonly texts: UnitRows
  readonly prompt: ItemPrompt
  readonly settings: AugmentOptions
  readonly chat: ChatModel
  /** That of the catalogue. */
  readonly embedder: TextEmbedder
}

export interface AugmentProgress {
  readonly signal?: AbortSignal
  /** A stage begins, with so many things to do; its progress counts from 0. */
  readonly onStage?: (name: 'generation' | 'vectors' | 'grounding', total: number) => void
  readonly onProgress?: (done: number) => void
}

/** What was asked and what came of it, direction by direction. */
export interface Generation {
  readonly answers: ReadonlyArray<ChatAnswer | undefined>
  readonly candidates: readonly Candidate[]
}

export interface MadeAugmentation {
  readonly augmentation: Augmentation
  /** Raw vectors of the fresh items. */
  readonly vectors: UnitRows
  readonly answers: Generation['answers']
  /** Every generated item with what became of it. */
  readonly candidates: readonly Candidate[]
  /** The threshold that was used; absent without a filter. */
  readonly tau?: number
}

/** Has items generated for every direction, reads, embeds and scores them: all that costs something. */
export async function generate (
  { dataset, directions, texts, prompt, settings, chat, embedder }: AugmentWork,
  { signal, onStage, onProgress }: AugmentProgress = {}
): Promise<Generation> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const tasks = directions.map((direction) =>
    generateTask(dataset, direction, { ...settings, nouns: prompt.nouns }))
  const asked = tasks.filter((task): task is ChatTask => task !== undefined)
  onStage?.('generation', asked.length)
  const told = await chat.complete(asked, options)
  let at = 0
  const answers = tasks.map((task) => task === undefined ? undefined : told[at++])
  const candidates = readAnswers(dataset, directions, answers, {
    most: settings.nGenerate, fromCatalogue: chat.id === EXTRACTIVE,
  })
  onStage?.('vectors', candidates.filter(({ outcome }) => outcome === 'kept').length)
  return { answers, candidates: await scoreCandidates(candidates, texts, { embedder, prompt, ...options }) }
}

/** Chooses among generated items and lays them over the dataset. What it embeds, `generate` has embedded before. */
export async function insertGenerated (
  { dataset, texts, prompt, settings, embedder, chat }: AugmentWork, { answers, candidates }: Generation,
  { signal, onStage, onProgress }: AugmentProgress = {}
): Promise<MadeAugmentation> {
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const { candidates: chosen, tau } = choose(dataset, candidates, settings)
  const isKept = chosen.map(({ outcome }) => outcome === 'kept')
  const kept = chosen.filter((_, i) => isKept[i])
  const vectors = await embedCandidates(kept, { embedder, prompt, ...(signal && { signal }) })
  onStage?.('grounding', settings.ground ? kept.length : 0)
  const grounded = settings.ground
    // What was taken from the catalogue goes back to it, however its text is worded.
    ? await ground(dataset, chosen, vectors, texts, chat.id === EXTRACTIVE ? -1 : settings.groundTau, options)
    : chosen
  const fresh = freshItems(dataset, grounded, isKept, vectors, prompt)
  return {
    augmentation: { ...overlay(dataset, fresh.candidates, settings), items: fresh.items },
    vectors: fresh.vectors,
    answers,
    candidates: fresh.candidates,
    ...(tau !== undefined && { tau }),
  }
}

function overlay (
  dataset: Dataset, candidates: readonly Candidate[], { insert: how, seed }: Pick<AugmentOptions, 'insert' | 'seed'>
): Omit<Augmentation, 'items'> {
  const mine = new Map<number, Candidate[]>()
  for (const one of candidates) {
    if (one.outcome !== 'kept') continue
    const { user } = one.direction
    mine.set(user, [...mine.get(user) ?? [], one])
  }
  const offsets = new Uint32Array(dataset.users.length + 1)
  const events: number[] = []
  const synthetic: number[] = []
  for (const [user, name] of dataset.users.entries()) {
    const prefix = trainPrefix(dataset, user)
    // A kept candidate has a score and an id.
    const accepted = (mine.get(user) ?? []).map(({ direction: { source }, score, id }) =>
      ({ id: id!, anchor: source[score!.anchor]!.position, score: score!.source }))
    const done = insert(prefix, moved(accepted, prefix.length, how, createRandom(seed, `insert/${name}`)))
    for (const id of done.events) events.push(id)
    for (const flag of done.synthetic) synthetic.push(flag)
    offsets[user + 1] = events.length
  }
  return { offsets, events: Int32Array.from(events), synthetic: Int32Array.from(synthetic) }
}
