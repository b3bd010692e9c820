import type { Json, PromptValues } from './chat-model.ts'
import { ANALYSE, DOMAIN_PART, REFORM } from './prompts/domain-profile.ts'
import { GENERATE } from './prompts/generate.ts'
import { NOTE_WORDS, PROFILE_HISTORY, PROFILE_PART, PROFILE_WHOLE, PROFILE_WORDS } from './prompts/profile.ts'

/** Words that stand in titles of any kind of product. */
const EMPTY_WORDS = new Set(('and for the with pack size inch count set new from you your this that are its inches ounce ' +
  'ounces pound pounds of in by a an to or oz lb ct').split(' '))

/** Longer titles are mostly lists of what the product is also good for. */
const TITLE_WORDS = 12

/** How `extractive` answers each template: from the texts in the values. */
export const EXTRACTS: Readonly<Record<string, (values: PromptValues) => Json>> = {
  [PROFILE_PART.name]: ({ products }) => ({ note: tellingTexts(textsOf(products), NOTE_WORDS) }),
  [PROFILE_HISTORY.name]: ({ products }) => ({ note: tellingTexts(textsOf(products), PROFILE_WORDS) }),
  [PROFILE_WHOLE.name]: ({ notes }) => ({ note: shares(textsOf(notes), PROFILE_WORDS) }),
  [DOMAIN_PART.name]: ({ products }) => ({ note: tellingTexts(textsOf(products), NOTE_WORDS) }),
  [REFORM.name]: ({ option = '' }) => ({ note: option }),
  // The same words for each kind of product, however many notes there are on it.
  [ANALYSE.name]: ({ domains = [] }) => ({
    note: shares((domains as ReadonlyArray<{ notes: Json }>).map(({ notes }) => textsOf(notes).join('. ')), PROFILE_WORDS),
  }),
  [GENERATE.name]: variations,
}

/**
 * Products about as long as those in the prompt, for estimates before the first call. To generate, `augment` brings a
 * rule of its own that looks into the catalogue.
 */
function variations ({ chosen = [], typical = [], count }: PromptValues): Json {
  const titles = [...textsOf(typical), ...textsOf(chosen)]
  const products = Array.from({ length: Number(count) }, (_, i) => {
    const title = `${titles[i % titles.length] ?? ''} ${i + 1}`
    // A model fills every key, mostly with more of what the title says.
    const [brand, category] = [firstWords(title, 1), firstWords(title, 2)]
    return { title, brand, categories: [category], price: 9.99, features: [title], description: title }
  })
  return { products }
}

/** One text for each entry of a list: itself, or all that stands in it. */
export function textsOf (entries: Json | undefined): string[] {
  return Array.isArray(entries) ? entries.map(flat).filter((text) => text !== '') : []
}

/** The texts that share most words with the others, the later first where two tell alike, within so many words. */
export function tellingTexts (texts: readonly string[], words: number): string {
  const bags = texts.map((text) => new Set(wordsOf(text)))
  const counts = new Map<string, number>()
  for (const bag of bags) for (const word of bag) counts.set(word, (counts.get(word) ?? 0) + 1)
  const score = (bag: ReadonlySet<string>): number =>
    [...bag].reduce((sum, word) => sum + counts.get(word)! - 1, 0) / Math.sqrt(bag.size || 1)
  const order = bags.map((bag, at) => ({ at, score: score(bag) })).sort((a, b) => b.score - a.score || b.at - a.at)

  const chosen = new Set<string>()
  let left = words
  for (const { at } of order) {
    const title = firstWords(texts[at]!, Math.min(TITLE_WORDS, left))
    if (title === '' || chosen.has(title)) continue
    chosen.add(title)
    left -= title.split(' ').length
  }
  return [...chosen].join('; ')
}

/** The beginning of each text, all together within so many words; what a short one leaves goes to the others. */
function shares (texts: readonly string[], words: number): string {
  const lengths = texts.map((text) => text.split(/\s+/).length)
  const given = lengths.map(() => 0)
  for (let left = words, more = true; left > 0 && more;) {
    more = false
    for (let i = 0; i < lengths.length && left > 0; i++) {
      if (given[i]! >= lengths[i]!) continue
      given[i]! += 1
      left--
      more = true
    }
  }
  return texts.map((text, i) => firstWords(text, given[i]!)).filter((text) => text !== '').join('. ')
}

/** A text cut after so many words. */
export function firstWords (text: string, count: number): string {
  return count <= 0 ? '' : text.trim().split(/\s+/).slice(0, count).join(' ')
}

function wordsOf (text: string): string[] {
  return (text.toLowerCase().match(/\p{L}{2,}/gu) ?? []).filter((word) => !EMPTY_WORDS.has(word))
}

function flat (value: Json): string {
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number') return String(value)
  return typeof value === 'object' && value !== null ? Object.values(value).map(flat).filter(Boolean).join(' ') : ''
}
