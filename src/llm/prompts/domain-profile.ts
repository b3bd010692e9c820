import { DATA_RULE, dataBlock } from './data-block.ts'
import { NOTE_WORDS, NoteSchema, PROFILE_WORDS } from './profile.ts'
import type { PromptTemplate } from './template.ts'

/** Words of a rewritten option. */
export const REFORM_WORDS = 30

const FORM = 'Answer only with JSON of the form {"note": "…"}.'
const shopper = `You are an online shopper who speaks of their own taste. ${DATA_RULE}`

/**
 * What the products of one part of a history in one domain tell together (LLM-EDT, 3.4.2 and A.1). Values: `products`,
 * oldest first; `leaning`, how the user's choices are spread over the domains.
 */
export const DOMAIN_PART: PromptTemplate = {
  name: 'profile-domain-part/1',
  fill: ({ products = [], leaning = '' }) => ({
    system: shopper,
    user: `Lately you looked at these products, oldest first:\n${dataBlock(products)}\n` +
      `In all your choices:\n${dataBlock(leaning)}\nKeep that in mind when you weigh what matters. ` +
      `In at most ${NOTE_WORDS} words, say what the products together tell about your taste. Do not discuss any single ` +
      `product. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 400,
}

/**
 * One of the five options, said anew with what its two domains are about (LLM-EDT, 3.4.2). Values: `option`; `larger`
 * and `smaller`, what the products of the two sides are called.
 */
export const REFORM: PromptTemplate = {
  name: 'profile-reform/1',
  fill: ({ option = '', larger = '', smaller = '' }) => ({
    system: `You word notes about shoppers. ${DATA_RULE}`,
    user: 'A note on how a shopper\'s choices are spread over two kinds of products:\n' +
      `${dataBlock({ note: option, kinds: [larger, smaller] })}\n` +
      'Say the same with what you know about shopping for these two kinds, and how much each choice in either tells ' +
      `about taste. Speak to the shopper as "you", in at most ${REFORM_WORDS} words. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 200,
}

/**
 * One description out of the notes of every domain (LLM-EDT, 3.4.2). Values: `domains`, each `{kind, notes}`;
 * `leanings`, how the user's choices are spread over them.
 */
export const ANALYSE: PromptTemplate = {
  name: 'profile-analyse/1',
  fill: ({ domains = [], leanings = [] }) => ({
    system: shopper,
    user: `Notes on your taste, by kind of product:\n${dataBlock(domains)}\n` +
      `In all your choices:\n${dataBlock(leanings)}\n` +
      'Describe your taste across all kinds, giving each its fair weight, ' +
      `in fewer than ${PROFILE_WORDS + 1} words. ${FORM}`,
  }),
  answer: NoteSchema,
  maxTokens: 400,
}
