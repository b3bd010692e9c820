import OpenAI, { APIConnectionError, APIError } from 'openai'
import { IsthmusError, refuseSetting } from '../errors.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { TextEmbedder } from './embedder.ts'
import { readRows } from './openai-rows.ts'
import { retryAfterMs, withRetries } from './retry.ts'
import type { RetryOptions } from './retry.ts'

export interface OpenaiOptions {
  readonly model: string
  readonly width: number
  /** Asks the endpoint for `width` numbers: only where the model can give several widths. */
  readonly sendDimensions?: boolean
  readonly baseUrl: string
  readonly apiKey: string
  /** Attempts of a call after its first. */
  readonly retries?: number
  /** For one attempt, the whole answer included. */
  readonly timeoutMs?: number
  /** Tests pass another, to see what is waited. */
  readonly sleep?: NonNullable<RetryOptions['sleep']>
}

const OPENAI_URL = 'https://api.openai.com/v1'
const DEFAULT_MODEL = 'text-embedding-3-small'
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['text-embedding-3-small', 1536], ['text-embedding-3-large', 3072], ['text-embedding-ada-002', 1536],
])

/** Texts of one request; the endpoint takes 2,048. */
const MAX_TEXTS = 256
/** The endpoint takes 300,000 tokens a request, and no token is less than a byte. */
const MAX_BYTES = 280_000
/** A number in JSON with its comma, generously; and room for the rest of an answer. */
const BYTES_PER_NUMBER = 32
const ANSWER_BYTES = 65_536

/**
 * Options from what a user gives and the environment (OPENAI_API_KEY, OPENAI_BASE_URL).
 * @throws config_invalid: no key for the endpoint of OpenAI, a URL that is none, an unknown model without a width
 */
export function openaiOptions (
  given: { readonly model?: string, readonly width?: number, readonly baseUrl?: string },
  env: Readonly<Record<string, string | undefined>>
): OpenaiOptions {
  const model = given.model ?? DEFAULT_MODEL
  const native = WIDTHS.get(model)
  const width = given.width ?? native ?? refuseSetting('width', `has to be given for the model ${model}`)
  const baseUrl = given.baseUrl ?? (env.OPENAI_BASE_URL?.trim() || OPENAI_URL)
  if (!/^https?:/.test(baseUrl) || !URL.canParse(baseUrl)) refuseSetting('baseUrl', 'is an http or https URL')
  const key = env.OPENAI_API_KEY?.trim()
  if (!key && baseUrl === OPENAI_URL) refuseSetting('OPENAI_API_KEY', 'is not set')
  return {
    model,
    width,
    sendDimensions: native !== undefined && native !== width,
    baseUrl,
    // Endpoints of one's own often ask for none, but the client wants something to send.
    apiKey: key || 'none',
  }
}

/**
 * Embeddings from any OpenAI-compatible endpoint, in requests of at most 256 texts, one after the other. Status 408,
 * 409, 429 and 5xx, and connections that fail, are tried again. Errors name the status and never what was sent, what
 * was answered, or the key.
 */
export function openaiEmbedder (options: OpenaiOptions): TextEmbedder {
  const { model, width, sendDimensions = false, baseUrl, apiKey, retries = 6, timeoutMs = 60_000, sleep } = options
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl,
    // What the client would read from the environment by itself.
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: timeoutMs,
  })

  const request = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> => {
    const maxBytes = ANSWER_BYTES + texts.length * width * BYTES_PER_NUMBER
    const answer = await client.withOptions({ fetch: boundedFetch({ timeoutMs, maxBytes }) }).embeddings.create({
      model, input: [...texts], encoding_format: 'float', ...(sendDimensions && { dimensions: width }),
    }, { ...(signal && { signal }) })
    return readRows(answer, texts.length, width)
  }

  return {
    id: `openai/${model}/${width}`,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const rows = new Float32Array(texts.length * width)
      let done = 0
      for (const batch of batches(texts)) {
        const found = await withRetries(async () => await request(batch, signal), {
          retries, verdict, ...(signal && { signal }), ...(sleep && { sleep }),
        }).catch((error: unknown) => { throw signal?.aborted === true ? signal.reason : codedError(error) })
        rows.set(found, done * width)
        done += batch.length
        onProgress?.(done)
      }
      signal?.throwIfAborted()
      return rows
    },
    close: async () => {},
  }
}

function * batches (texts: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = []
  let bytes = 0
  for (const text of texts) {
    const size = Buffer.byteLength(text)
    if (batch.length === MAX_TEXTS || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

function verdict (error: unknown): ReturnType<RetryOptions['verdict']> {
  if (error instanceof APIConnectionError) return { again: !(error.cause instanceof IsthmusError) }
  if (!(error instanceof APIError) || error.status === undefined) return { again: false }
  // A budget that is used up answers 429 as well, and no waiting fills it.
  const again = ([408, 409, 429].includes(error.status) || error.status >= 500) && error.code !== 'insufficient_quota'
  const afterMs = retryAfterMs(error.headers)
  return { again, ...(afterMs !== undefined && { afterMs }) }
}

/** Without `cause`: the client's errors carry headers, and an endpoint's message may repeat the key. */
function codedError (error: unknown): IsthmusError {
  if (error instanceof IsthmusError) return error
  if (error instanceof APIConnectionError) {
    if (error.cause instanceof IsthmusError) return error.cause
    return new IsthmusError('embedder_failed', 'the endpoint of embeddings did not answer')
  }
  if (error instanceof APIError && error.status !== undefined) {
    return new IsthmusError('embedder_failed', `the endpoint of embeddings answered with status ${error.status}`)
  }
  if (error instanceof SyntaxError) {
    return new IsthmusError('embedding_bad_response', 'the endpoint of embeddings answered with no JSON')
  }
  return new IsthmusError('embedder_failed', 'the call of the endpoint of embeddings failed', { cause: error })
}
