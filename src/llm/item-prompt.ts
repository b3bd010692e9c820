import { IsthmusError } from '../errors.ts'

/**
 * How an item becomes one text for an embedder. A template's name with its version is written into every artefact and
 * into every cache key: a changed word is a new version.
 *
 * - `item-paper/1`: the fields and limits of LLM4CDSR's published code. A title, brand, date or price that is missing
 *   or longer than 100 characters reads "unknown".
 * - `item-product/1`, the default: the same sentences, but only of what is known, and the title up to 512 characters.
 *   A cold item often has a title alone, and four times "unknown" would make all of them alike.
 */
export const TEMPLATES = ['item-product/1', 'item-paper/1'] as const
export type Template = typeof TEMPLATES[number]

/** Everything that decides the texts of a catalogue, besides the items: kept whole in manifests. */
export interface ItemPrompt {
  /** The words around an item: ours, or the paper's. */
  readonly template: Template
  /** What a domain's items are called, by domain name. */
  readonly nouns: Readonly<Record<string, string>>
}

/** What is known of an item. An empty or blank field is an absent one. */
export interface ItemFields {
  readonly title?: string
  readonly brand?: string
  readonly date?: string
  readonly price?: number
  readonly categories?: readonly string[]
  readonly features?: readonly string[]
  readonly description?: string
}

export interface ItemText {
  readonly text: string
  /** False where nothing but the domain is known of the item. */
  readonly described: boolean
}

const SCALAR_LIMIT = 100
const TITLE_LIMIT = 512
const SENTENCE_LIMIT = 128
const TEXT_LIMIT = 4_095

const NOUNS: ReadonlyMap<string, string> = new Map([
  ['book', 'book'],
  ['cloth', 'clothing'],
  ['electronic', 'electronics'],
  ['food', 'grocery'],
  ['games', 'video games'],
  ['industrial', 'industrial and scientific'],
  ['kitchen', 'home and kitchen'],
  ['movie', 'film'],
  ['music', 'musical instruments'],
  ['phone', 'cell phone'],
  ['sport', 'sports'],
])

/** The prompt of these domains: our noun where we have one, else the domain's own name; `nouns` overrides both. */
export function itemPrompt (
  domains: readonly string[], { template = TEMPLATES[0], nouns = {} }: Partial<ItemPrompt> = {}
): ItemPrompt {
  const prompt = { template, nouns }
  return { template, nouns: Object.fromEntries(domains.map((domain) => [domain, nounOf(prompt, domain)])) }
}

/**
 * The prompt that a bundle's item texts were made with, from what its manifest says of it: an item that comes later has
 * to be made a text in the same way. Throws `format_unsupported` for a template that this version does not know.
 */
export function promptOf (
  { domains, textTemplate }: {
    readonly domains: ReadonlyArray<{ readonly name: string, readonly noun?: string | undefined }>,
    readonly textTemplate?: string | undefined,
  }
): ItemPrompt {
  const template = TEMPLATES.find((name) => name === textTemplate)
  if (textTemplate !== undefined && template === undefined) {
    throw new IsthmusError('format_unsupported', 'the item template of the bundle is not known here', {
      place: { field: 'textTemplate' },
    })
  }
  return itemPrompt(domains.map(({ name }) => name), {
    nouns: Object.fromEntries(domains.flatMap(({ name, noun }) => noun === undefined ? [] : [[name, noun]])),
    ...(template === undefined ? {} : { template }),
  })
}

/** What items of a domain are called, also of one that the prompt was not made for. */
export function nounOf ({ nouns }: Pick<ItemPrompt, 'nouns'>, domain: string): string {
  // A domain may be called `constructor`.
  const own = Object.hasOwn(nouns, domain) ? nouns[domain] : undefined
  return own ?? NOUNS.get(domain) ?? domain.replace(/[-_]+/g, ' ')
}

/** The text to embed for an item of `domain`; at most 4,095 characters. */
export function itemText (prompt: ItemPrompt, domain: string, item: ItemFields): ItemText {
  const noun = nounOf(prompt, domain)
  const paper = prompt.template === 'item-paper/1'
  const title = paper ? scalar(item.title) : cut(clean(item.title), TITLE_LIMIT)
  const highlights = list(item.features) || list(item.categories)
  const description = clean(item.description)
  const scalars: [string, string][] = [
    ['Name', title],
    ['Maker', scalar(item.brand)],
    ['Listed', scalar(item.date)],
    ['Price', Number.isFinite(item.price) ? String(item.price) : ''],
  ]
  if (!highlights && !description && scalars.every(([, value]) => !value)) {
    return { text: `${noun} item, no description`, described: false }
  }
  const sentences = [
    `Product from the ${noun} department.`,
    ...scalars.flatMap(([lead, value]) => value || paper ? [`${lead}: ${value || 'unknown'}.`] : []),
    ...(highlights ? [sentence('Highlights', highlights)] : []),
    ...(description ? [sentence('Details', description)] : []),
  ]
  return { text: cut(sentences.join(' '), TEXT_LIMIT), described: true }
}

function scalar (value: string | undefined): string {
  const text = clean(value)
  return text.length > SCALAR_LIMIT ? '' : text
}

function list (values: readonly string[] | undefined): string {
  return (values ?? []).map(clean).filter((value) => value !== '').join('; ')
}

/** At most 128 characters with its lead and its full stop. */
function sentence (lead: string, value: string): string {
  const body = `${lead}: ${value}`
  return `${cut(body.endsWith('.') ? body.slice(0, -1) : body, SENTENCE_LIMIT - 1)}.`
}

function clean (value: string | undefined): string {
  return (value ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** Never cuts a character of two code units in half. */
function cut (text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}
