import { createHash } from 'node:crypto'
import { isDomainName } from '../bundle/domains.ts'
import type { StoredItem } from '../state/stores.ts'
import { cleanLine, cleanText } from './clean-text.ts'
import type { NewDomains } from './new-domains.ts'
import { Refusal } from './problems.ts'
import type { ItemBody } from './schemas.ts'

/** An item that may be stored: texts cleaned, embedding checked. */
export type CheckedItem =
  Omit<StoredItem, 'version' | 'ingestedAt' | 'state' | 'embedderId'>

export interface ItemRules {
  readonly domains: readonly string[]
  /** What an item of another domain does. */
  readonly newDomains: NewDomains
  readonly embedder: { readonly id: string, readonly width: number }
}

/**
 * What a schema cannot say of an item. Fails with a Refusal: `unknown_domain`, `domains_fixed`,
 * `embedding_model_mismatch`, or `validation_failed` with a pointer below `at`.
 */
export function checkItem (body: ItemBody, { domains, newDomains, embedder }: ItemRules, at = ''): CheckedItem {
  const { itemId, domain, title, brand, categories, price, features, description, embedding, embeddingModel } = body
  const refuse = (field: string, rule: string): never => {
    throw new Refusal('validation_failed', [{ pointer: `${at}/${field}`, rule }])
  }
  const line = (field: string, text: string, max?: number): string => cleanLine(text, max) ?? refuse(field, 'text')

  if (!domains.includes(domain)) {
    const pointer = `${at}/domain`
    if (newDomains === 'off') throw new Refusal('unknown_domain', [{ pointer, rule: 'unknown_domain' }])
    if (newDomains === 'unsupported') throw new Refusal('domains_fixed', [{ pointer, rule: 'domains_fixed' }])
    if (!isDomainName(domain)) refuse('domain', 'pattern')
  }
  if (title === undefined && embedding === undefined) refuse('title', 'required')
  if (embedding === undefined && embeddingModel !== undefined) refuse('embedding', 'required')
  if (embedding !== undefined) {
    if (embeddingModel === undefined) refuse('embeddingModel', 'required')
    if (embeddingModel !== embedder.id) {
      throw new Refusal('embedding_model_mismatch', [{ pointer: `${at}/embeddingModel`, rule: 'const' }])
    }
    if (embedding.length !== embedder.width) refuse('embedding', 'length')
  }
  const vector = embedding === undefined ? undefined : Float32Array.from(embedding)
  // 1e39 is a number in JSON and Infinity in a float32.
  if (vector?.every(Number.isFinite) === false) refuse('embedding', 'finite')
  if (vector?.every((x) => x === 0) === true) refuse('embedding', 'zero')

  const fields = {
    ...(title === undefined ? {} : { title: line('title', title) }),
    ...(brand === undefined ? {} : { brand: line('brand', brand) }),
    ...(categories === undefined ? {} : { categories: categories.map((name, i) => line(`categories/${i}`, name)) }),
    ...(price === undefined ? {} : { price }),
    ...(features === undefined
      ? {}
      : { features: features.map((text, i) => cleanText(text, 1024) ?? refuse(`features/${i}`, 'text')) }),
    ...(description === undefined
      ? {}
      : { description: cleanText(description, 4096) ?? refuse('description', 'text') }),
  }
  const hash = createHash('sha256').update(JSON.stringify([itemId, domain, fields]))
  // As numbers, not as text: writing an embedding out again would cost more than all else here.
  const contentHash = (vector === undefined ? hash : hash.update(vector)).digest('hex')
  return { itemId, domain, ...fields, ...(vector === undefined ? {} : { embedding: vector }), contentHash }
}
