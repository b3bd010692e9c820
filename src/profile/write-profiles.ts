import { trainInput } from '../data/augmentation.ts'
import type { Dataset } from '../data/dataset.ts'
import type { ChatAnswer, ChatModel, ChatTask, Json } from '../llm/chat-model.ts'
import { firstWords } from '../llm/extracts.ts'
import { describe } from '../llm/item-json.ts'
import type { Attributes } from '../llm/item-json.ts'
import { NOTE_WORDS, PROFILE_WORDS } from '../llm/prompts/profile.ts'
import { partition } from './partition.ts'
import { historyTask, partTask, wholeTask } from './tasks.ts'

export interface Partition {
  /** [items], fresh ones among them: the cluster of global id g at g - 1. */
  readonly labels: Int32Array
  readonly clusters: number
  /** The latest products of a part that are shown. */
  readonly latest: number
}

export interface ProfileQuestion {
  readonly dataset: Pick<Dataset, 'items' | 'users' | 'offsets' | 'events' | 'augmentation'>
  /** Absent: one prompt with the whole history instead (LLM4CDSR's ablation without clusters). */
  readonly partition?: Partition
  readonly attributes: Attributes
}

/** What was said of one user. */
export interface UserProfile {
  readonly notes: ReadonlyArray<{ readonly domain?: string, readonly cluster: number, readonly note: string }>
  /** How the choices are spread over the domains, where that was asked for. */
  readonly leanings?: readonly string[]
  /** Absent where there is nothing to tell, or the model told nothing. */
  readonly profile?: string
}

export interface WriteOptions {
  readonly signal?: AbortSignal
  /** A stage begins, with so many questions. */
  readonly onStage?: (name: 'reforms' | 'parts' | 'profiles', total: number) => void
  readonly onProgress?: (done: number) => void
}

interface Question { readonly user: number, readonly cluster: number, readonly task: ChatTask }

/**
 * The profile of every user from the training part of their history alone, in two levels: a note of at most 50 words
 * for each cluster of items that they touched, then one text of under 100 words out of the notes (LLM4CDSR, section
 * 3.4). Words beyond are cut. Products of which nothing is known are left out; an answer that failed is as no note.
 */
export async function writeProfileTexts (
  question: ProfileQuestion, chat: ChatModel, { signal, onStage, onProgress }: WriteOptions = {}
): Promise<UserProfile[]> {
  const { users } = question.dataset
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const questions = partQuestions(question)
  onStage?.('parts', questions.length)
  const answers = await chat.complete(questions.map(({ task }) => task), options)
  const notes: Array<Array<{ cluster: number, note: string }>> = users.map(() => [])
  const limit = question.partition === undefined ? PROFILE_WORDS : NOTE_WORDS
  for (const [i, { user, cluster }] of questions.entries()) {
    const note = noteOf(answers[i]!, limit)
    if (note !== undefined) notes[user]!.push({ cluster, note })
  }
  if (question.partition === undefined) {
    return notes.map(([whole]) => ({ notes: [], ...(whole && { profile: whole.note }) }))
  }

  const told = [...users.keys()].filter((user) => notes[user]!.length > 0)
  onStage?.('profiles', told.length)
  const wholes = await chat.complete(
    told.map((user) => wholeTask(users[user]!, notes[user]!.map(({ note }) => note))), options)
  const profiles = new Map(told.map((user, i) => [user, noteOf(wholes[i]!, PROFILE_WORDS)]))
  return notes.map((notes, user) => {
    const profile = profiles.get(user)
    return { notes, ...(profile !== undefined && { profile }) }
  })
}

function partQuestions ({ dataset, partition: by, attributes }: ProfileQuestion): Question[] {
  const shown = shownItems(dataset, attributes)
  const productsOf = (part: ArrayLike<number>): Json[] => Array.from(part).flatMap((id) => shown[id - 1] ?? [])
  return dataset.users.flatMap((name, user) => {
    const history = trainInput(dataset, user)
    const parts = by === undefined ? [history] : partition(history, by.labels, by.clusters, by.latest)
    return parts.flatMap((part, cluster) => {
      const products = productsOf(part)
      if (products.length === 0) return []
      return [{ user, cluster, task: by === undefined ? historyTask(name, products) : partTask(name, products) }]
    })
  })
}

/** Every item as a prompt shows it, by global id - 1, fresh ones last. */
export function shownItems (
  { items, augmentation }: Pick<Dataset, 'items' | 'augmentation'>, attributes: Attributes
): Array<Json | undefined> {
  return [...items, ...augmentation?.items ?? []].map((item) => describe(item, attributes))
}

/** The text of an answer, cut after so many words; undefined where there is none. */
export function noteOf ({ value }: ChatAnswer, words: number): string | undefined {
  // The schema of these templates: an object with one text.
  const { note } = (value ?? {}) as { note?: string }
  const text = firstWords(note ?? '', words)
  return text === '' ? undefined : text
}
