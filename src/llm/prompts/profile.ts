import { Type } from 'typebox'
import { DATA_RULE, dataBlock } from './data-block.ts'
import type { PromptTemplate } from './template.ts'

/** Words of one part's note, and of a whole profile (LLM4CDSR, section 3.4). */
export const NOTE_WORDS = 50
export const PROFILE_WORDS = 99

/** An answer of one text. */
export const NoteSchema = Type.Object({ note: Type.String({ minLength: 1 }) }, { additionalProperties: false })
const FORM = 'Answer only with JSON of the form {"note": "…"}.'
const system = `You are an online shopper who speaks of their own taste. ${DATA_RULE}`

/** What the products of one part of a history tell together. Values: `products`, oldest first. */
export const PROFILE_PART: PromptTemplate = {
  name: 'profile-part/1',
  fill: ({ products = [] }) => ({
    system,
    user: `Lately you looked at these products, oldest first:\n${dataBlock(products)}\n` +
      `In at most ${NOTE_WORDS} words, say what these products together tell about your taste. ` +
      `Do not discuss any single product. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 400,
}

/** One description out of the notes of the parts. Values: `notes`. */
export const PROFILE_WHOLE: PromptTemplate = {
  name: 'profile-whole/1',
  fill: ({ notes = [] }) => ({
    system,
    user: `These notes describe different sides of your taste:\n${dataBlock(notes)}\n` +
      `Merge them into one description of what you like, in fewer than ${PROFILE_WORDS + 1} words. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 400,
}

/** The whole of a history at once, for the ablation without clusters. Values: `products`, oldest first. */
export const PROFILE_HISTORY: PromptTemplate = {
  name: 'profile-history/1',
  fill: ({ products = [] }) => ({
    system,
    user: `You looked at these products, oldest first:\n${dataBlock(products)}\n` +
      `In fewer than ${PROFILE_WORDS + 1} words, say what they tell about what you like. ` +
      `Do not discuss any single product. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 400,
}
