import type { Json } from './chat-model.ts'
import type { ItemFields } from './item-prompt.ts'

/** What of an item a model may read. */
export const ATTRIBUTES = ['title', 'brand', 'categories', 'price', 'date', 'features', 'description'] as const
export type Attribute = typeof ATTRIBUTES[number]

/** By domain; the title alone where a domain is not named. */
export type Attributes = Readonly<Record<string, readonly Attribute[]>>

/** Longer texts are cut (LLM4CDSR's published code). */
const TEXT_LIMIT = 100

/** An item as a prompt shows it: its title, or an object of its attributes; undefined where none of them is known. */
export function describe (item: ItemFields & { readonly domain: string }, attributes: Attributes): Json | undefined {
  const shown = attributes[item.domain] ?? ['title']
  const known = shown.flatMap((name): Array<[Attribute, Json]> => {
    const value = cut(item[name])
    return value === undefined ? [] : [[name, value]]
  })
  if (known.length === 0) return undefined
  return shown.length === 1 ? known[0]![1] : Object.fromEntries(known)
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
