import type { Item } from '../data/dataset.ts'
import type { ChatTask, Json } from '../llm/chat-model.ts'
import { PROFILE_HISTORY, PROFILE_PART, PROFILE_WHOLE } from '../llm/prompts/profile.ts'
import { PROFILE } from './profiles.ts'

/** What of an item a model may read. */
export const ATTRIBUTES = ['title', 'brand', 'categories', 'price', 'date', 'features', 'description'] as const
export type Attribute = typeof ATTRIBUTES[number]

/** By domain; the title alone where a domain is not named. */
export type Attributes = Readonly<Record<string, readonly Attribute[]>>

/** What is asked with, versions and all: kept in manifests. */
export const PROFILE_TEMPLATES = [PROFILE_PART.name, PROFILE_WHOLE.name, PROFILE_HISTORY.name]

/** Longer titles are cut (LLM4CDSR's published code). */
const TEXT_LIMIT = 100

/** An item as a prompt shows it: its title, or an object of its attributes; undefined where none of them is known. */
export function describe (item: Item, attributes: Attributes): Json | undefined {
  const shown = attributes[item.domain] ?? ['title']
  const known = shown.flatMap((name): Array<[Attribute, Json]> => {
    const value = cut(item[name])
    return value === undefined ? [] : [[name, value]]
  })
  if (known.length === 0) return undefined
  return shown.length === 1 ? known[0]![1] : Object.fromEntries(known)
}

/** The question for one part of a user's history. */
export function partTask (user: string, products: readonly Json[]): ChatTask {
  return { template: PROFILE_PART.name, values: { products }, step: PROFILE, user }
}

/** The question for a user's whole history at once. */
export function historyTask (user: string, products: readonly Json[]): ChatTask {
  return { template: PROFILE_HISTORY.name, values: { products }, step: PROFILE, user }
}

/** The question that makes one profile of a user's notes. */
export function wholeTask (user: string, notes: readonly string[]): ChatTask {
  return { template: PROFILE_WHOLE.name, values: { notes }, step: PROFILE, user }
}

function cut (value: string | number | readonly string[] | undefined): Json | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') {
    const texts = (value ?? []).flatMap((text) => cut(text) ?? [])
    return texts.length > 0 ? texts : undefined
  }
  // Whole characters: half of one would not be valid UTF-8.
  const text = value.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return text === '' ? undefined : [...text].slice(0, TEXT_LIMIT).join('')
}
