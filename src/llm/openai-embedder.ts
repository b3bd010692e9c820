import { refuseSetting } from '../errors.ts'
import type { Account } from './account.ts'
import type { TextEmbedder } from './embedder.ts'
import { codedError, endpointOf, openaiClient, verdict } from './openai-client.ts'
import type { Endpoint } from './openai-client.ts'
import { readRows } from './openai-rows.ts'
import { withRetries } from './retry.ts'
import type { RetryOptions } from './retry.ts'
import { estimateTokens } from './tokens.ts'

export interface OpenaiOptions extends Endpoint {
  readonly model: string
  readonly width: number
  /** Asks the endpoint for `width` numbers: only where the model can give several widths. */
  readonly sendDimensions?: boolean
  /** Who pays, and for which step; absent in the service, which has no budget. */
  readonly spend?: { readonly account: Account, readonly step: string }
  /** Attempts of a call after its first. */
  readonly retries?: number
  /** For one attempt, the whole answer included. */
  readonly timeoutMs?: number
  /** Tests pass another, to see what is waited. */
  readonly sleep?: NonNullable<RetryOptions['sleep']>
}

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

const FAILURES = { who: 'the endpoint of embeddings', failed: 'embedder_failed', bad: 'embedding_bad_response' } as const

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
  return {
    model,
    width,
    sendDimensions: native !== undefined && native !== width,
    ...endpointOf(given, env),
  }
}

/**
 * Embeddings from any OpenAI-compatible endpoint, in requests of at most 256 texts, one after the other. Status 408,
 * 409, 429 and 5xx, and connections that fail, are tried again. Errors name the status and never what was sent, what
 * was answered, or the key.
 */
export function openaiEmbedder (options: OpenaiOptions): TextEmbedder {
  const { model, width, sendDimensions = false, baseUrl, apiKey, spend } = options
  const { retries = 6, timeoutMs = 60_000, sleep } = options
  const maxBytes = ANSWER_BYTES + MAX_TEXTS * width * BYTES_PER_NUMBER
  const client = openaiClient({ baseUrl, apiKey, timeoutMs, maxBytes, tooLarge: FAILURES.bad })

  const request = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> => {
    const answer = await client.embeddings.create({
      model, input: [...texts], encoding_format: 'float', ...(sendDimensions && { dimensions: width }),
    }, { ...(signal && { signal }) })
    const rows = readRows(answer, texts.length, width)
    const input = tokensOf(answer) ?? texts.reduce((sum, text) => sum + estimateTokens(text), 0)
    await spend?.account.pay({ step: spend.step, model, batch: false, input, output: 0 })
    return rows
  }
  const paid = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> => {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    const release = await spend?.account.hold({ model, batch: false, most: { input: bytes, output: 0 } })
    try {
      return await request(texts, signal)
    } finally {
      release?.()
    }
  }

  return {
    id: `openai/${model}/${width}`,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const rows = new Float32Array(texts.length * width)
      let done = 0
      for (const batch of batches(texts)) {
        const found = await withRetries(async () => await paid(batch, signal), {
          retries, verdict, ...(signal && { signal }), ...(sleep && { sleep }),
        }).catch((error: unknown) => { throw signal?.aborted === true ? signal.reason : codedError(error, FAILURES) })
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

/** What the endpoint counted; not all of them do. */
function tokensOf ({ usage }: { readonly usage?: { readonly prompt_tokens?: unknown } | null }): number | undefined {
  const tokens = usage?.prompt_tokens
  return typeof tokens === 'number' && tokens >= 0 ? tokens : undefined
}
