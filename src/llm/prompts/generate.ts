import { Type } from 'typebox'
import type { Static } from 'typebox'
import { DATA_RULE, dataBlock } from './data-block.ts'
import type { PromptTemplate } from './template.ts'

/** More than an answer's tokens have room for. */
export const MOST_GENERATED = 25

// Some endpoints take no schema, and their models write a price as a text.
const ProductSchema = Type.Object({
  title: Type.String({ minLength: 1 }),
  brand: Type.Union([Type.String(), Type.Null()]),
  categories: Type.Array(Type.String()),
  price: Type.Union([Type.Number(), Type.String(), Type.Null()]),
  features: Type.Array(Type.String()),
  description: Type.Union([Type.String(), Type.Null()]),
}, { additionalProperties: false })

const ProductsSchema = Type.Object({ products: Type.Array(ProductSchema) }, { additionalProperties: false })

/** A product as a model makes it up. */
export type Product = Static<typeof ProductSchema>

/** What an answer to `GENERATE` holds. */
export type Products = Static<typeof ProductsSchema>

/**
 * Products of another domain that fit a user (LLM-EDT, 3.2.1 and A.1). Departure: the list stands in an object, for the
 * schemas of endpoints take no list at their root. Values: `user`, `attributes`; `from` and `to`, what the products of
 * either domain are called; `chosen`, oldest first, and `typical`, products of either; `count`.
 */
export const GENERATE: PromptTemplate = {
  name: 'augment-generate/1',
  fill: ({ user = '', attributes = [], from = '', to = '', chosen = [], typical = [], count = 0 }) => ({
    system: `You make up products for a shop's data set. ${DATA_RULE}`,
    user: `The data set describes products by: ${(attributes as string[]).join(', ')}. ` +
      `A user chose these ${String(from)} products, oldest first:\n${dataBlock({ user, products: chosen })}\n` +
      `Typical ${String(to)} products for this user:\n${dataBlock(typical)}\n` +
      'Study the style, value ranges and how attributes belong together, and the taste behind the order of the ' +
      `choices. Invent ${String(count)} different ${String(to)} products that this user would plausibly choose next. ` +
      'Do not repeat or rephrase a product above. Answer only with JSON of the form {"products": [{"title": "…", ' +
      '"brand": "…", "categories": ["…"], "price": 9.99, "features": ["…"], "description": "…"}]}, ' +
      `${String(count)} of them, with null or [] for what is not known.`,
  }),
  answer: ProductsSchema,
  maxTokens: 4_000,
}
