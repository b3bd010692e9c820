import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { ErrorCode } from '../errors.ts'

/** The errors a client can see: HTTP status and fixed text. The cause goes to the log, never into an answer. */
export const PROBLEMS = {
  validation_failed: [400, 'The request does not fit its schema'],
  malformed_json: [400, 'The body is not valid JSON'],
  malformed_http: [400, 'The request is not valid HTTP'],
  empty_body: [400, 'The request has no body'],
  json_too_deep: [400, 'The JSON is nested too deeply'],
  bad_url: [400, 'The URL cannot be decoded'],
  bad_header: [400, 'A header has a bad value'],
  unknown_domain: [400, 'The model has no such domain'],
  unauthorized: [401, 'A key is needed'],
  forbidden: [403, 'The key may not do this'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This resource does not take this method'],
  request_timeout: [408, 'The request took too long to arrive'],
  conflict: [409, 'The request conflicts with what is stored'],
  item_in_two_domains: [409, 'The item belongs to another domain'],
  embedding_model_mismatch: [409, 'The embedding comes from another model than the bundle uses'],
  models_fixed: [409, 'The bundle of this instance cannot be changed'],
  older_version: [409, 'The version is older than the one that answers'],
  reload_in_progress: [409, 'Another version is being loaded'],
  domains_fixed: [409, 'The model answers for the domains that it was made with alone'],
  too_many_domains: [409, 'As many domains have been opened as may be'],
  variants_differ: [409, 'The versions cannot share the users: their domains or embedders differ'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported here'],
  unsupported_encoding: [415, 'The content encoding is not supported'],
  expectation_failed: [417, 'The expectation cannot be met'],
  bundle_refused: [422, 'The bundle cannot be loaded; the one that answered goes on'],
  headers_too_large: [431, 'The request line or headers are too large'],
  rate_limited: [429, 'Too many requests'],
  embedding_budget_exhausted: [429, 'The embeddings of this day are used up'],
  internal: [500, 'Something went wrong on our side'],
  overloaded: [503, 'The service is busy'],
  store_overloaded: [503, 'The store is busy'],
  store_full: [503, 'The store is full'],
  store_timeout: [503, 'The store took too long; the outcome is unknown, send the same ids again'],
  store_unavailable: [503, 'The store is not available'],
  engine_unavailable: [503, 'The engine is not available'],
  engine_bad_output: [503, 'The engine gave an unusable answer'],
  shutting_down: [503, 'The service is shutting down'],
  deadline_exceeded: [504, 'The answer was not ready in time'],
} as const satisfies Partial<Record<ErrorCode, readonly [number, string]>>

export type ProblemCode = keyof typeof PROBLEMS

/** A name, not an address: docs/reference/errors.md explains each code, and no host has to be up for that. */
const TYPE_BASE = 'urn:isthmus:error:'

/** RFC 9457. Properties are spelled out, or the serializer would drop them. */
export const ProblemSchema = Type.Object({
  type: Type.String({ description: 'Names the kind of problem: `urn:isthmus:error:<code>`.' }),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.Enum(Object.keys(PROBLEMS), { description: 'Stable; branch on this.' }),
  detail: Type.Optional(Type.String()),
  instance: Type.String({ description: 'The request id, as in the log and in `x-request-id`.' }),
  errors: Type.Optional(Type.Array(Type.Object({
    pointer: Type.String({ description: 'JSON pointer into the request part named by its first step.' }),
    rule: Type.String(),
  }, { additionalProperties: false }), { maxItems: 10 })),
}, { additionalProperties: false, $id: 'Problem' })

export type Problem = Static<typeof ProblemSchema>

export interface Fault { readonly pointer: string, readonly rule: string }

/** At most 10 faults, and never a value of the input. */
export function problem (
  code: ProblemCode, instance: string, more: { detail?: string, errors?: Fault[] } = {}
): Problem {
  const [status, title] = PROBLEMS[code]
  const { detail, errors } = more
  return {
    type: TYPE_BASE + code,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    instance,
    ...(errors === undefined ? {} : { errors: errors.slice(0, 10) }),
  }
}

export function isProblemCode (code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code)
}

const DAY_SECONDS = 86_400

/** What a client should wait before it tries again, in seconds; absent where trying again changes nothing. */
export function retryAfter (code: ProblemCode): number | undefined {
  if (code === 'embedding_budget_exhausted') return DAY_SECONDS - Math.floor(Date.now() / 1000) % DAY_SECONDS
  return PROBLEMS[code][0] === 503 ? 1 : undefined
}

/** A refusal that a route decides on itself, with its faults. */
export class Refusal extends Error {
  readonly code: ProblemCode
  readonly errors: Fault[] | undefined

  constructor (code: ProblemCode, errors?: Fault[]) {
    super(code)
    this.name = 'Refusal'
    this.code = code
    this.errors = errors
  }
}
