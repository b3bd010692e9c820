import { ROUTES } from './api.ts'
import type { operations } from './api.ts'

type Operation = keyof typeof ROUTES & keyof operations

/** `{ query: … }` where the operation has parameters there, optional where they all are. */
type Part<O, Name extends 'query' | 'path'> = O extends { parameters: { [K in Name]: infer V } }
  ? (undefined extends V ? { [K in Name]?: Exclude<V, undefined> } : { [K in Name]: V })
  : O extends { parameters: { [K in Name]?: infer V } }
    ? ([V] extends [undefined | never] ? unknown : { [K in Name]?: V })
    : unknown
type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? { body: B }
  : O extends { requestBody?: { content: { 'application/json': infer B } } } ? { body?: B } : unknown

/** What a call takes: `query`, `path` and `body`, as far as it has them, and what every call may have. */
export type Input<Id extends Operation> =
  Part<operations[Id], 'query'> & Part<operations[Id], 'path'> & Body<operations[Id]> & { readonly signal?: AbortSignal }

type Success<R> = R extends { 200: { content: { 'application/json': infer A } } }
  ? A | (R extends { 201: { content: { 'application/json': infer B } } } ? B : never)
  : R extends { 202: { content: { 'application/json': infer A } } } ? A : undefined

/** What a call resolves to: the body of a success; undefined where it has none, or none that is JSON. */
export type Answer<Id extends Operation> = Success<operations[Id]['responses']>

/** One function for each operation of the API, by its operationId. */
export type Client = { readonly [Id in Operation]: (input: Input<Id>) => Promise<Answer<Id>> }

/** An answer that is no success: an RFC 9457 problem of the service, or what stood in its place. */
export class IsthmusProblem extends Error {
  readonly status: number
  /** Stable; branch on this. `not_isthmus` where what answered was something else. */
  readonly code: string
  /** As in the log of the service. */
  readonly requestId: string | undefined
  /** Seconds after which it is worth asking again, where the service says so. */
  readonly retryAfter: number | undefined
  readonly faults: ReadonlyArray<{ readonly pointer: string, readonly rule: string }>

  constructor (response: Response, body: ProblemBody) {
    super(`${response.status} ${body.code ?? 'not_isthmus'}: ${body.title ?? response.statusText}`)
    this.name = 'IsthmusProblem'
    this.status = response.status
    this.code = body.code ?? 'not_isthmus'
    this.requestId = body.instance
    const after = response.headers.get('retry-after')
    this.retryAfter = after === null || !Number.isFinite(Number(after)) ? undefined : Number(after)
    this.faults = body.errors ?? []
  }
}

interface ProblemBody {
  readonly code?: string
  readonly title?: string
  readonly instance?: string
  readonly errors?: ReadonlyArray<{ readonly pointer: string, readonly rule: string }>
}

export interface ClientOptions {
  /** Where the service is, e.g. `http://127.0.0.1:3000`. */
  readonly baseUrl: string
  /** Of a server that asks; a browser should ask one of yours instead of holding a key. */
  readonly apiKey?: string
  readonly fetch?: typeof fetch
}

/** A client without dependencies, for Node 20 and later and for browsers. Rejects with `IsthmusProblem`. */
export function createClient ({ baseUrl, apiKey, fetch: ask = globalThis.fetch }: ClientOptions): Client {
  const call = (id: Operation) => async (input: AnyInput): Promise<unknown> => {
    const { method, path } = ROUTES[id]
    const { query = {}, path: parts = {}, body, signal } = input
    const url = new URL(baseUrl.replace(/\/$/, '') +
      path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name]))))
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const response = await ask(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    })
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    const text = await response.text()
    if (!response.ok) throw new IsthmusProblem(response, isJson ? JSON.parse(text) as ProblemBody : {})
    return isJson ? JSON.parse(text) : undefined
  }
  // Every operation has a function, and each takes and gives what the document says of it.
  return Object.fromEntries((Object.keys(ROUTES) as Operation[]).map((id) => [id, call(id)])) as unknown as Client
}

interface AnyInput {
  readonly query?: Readonly<Record<string, unknown>>
  readonly path?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}
