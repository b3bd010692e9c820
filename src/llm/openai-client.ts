import OpenAI, { APIConnectionError, APIError } from 'openai'
import { IsthmusError, refuseSetting } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { retryAfterMs } from './retry.ts'
import type { RetryOptions } from './retry.ts'

const OPENAI_URL = 'https://api.openai.com/v1'

/** An OpenAI-compatible endpoint, and what it wants to see. */
export interface Endpoint {
  readonly baseUrl: string
  readonly apiKey: string
}

/**
 * The endpoint from what a user gives and the environment (OPENAI_API_KEY, OPENAI_BASE_URL).
 * @throws config_invalid: no key for the endpoint of OpenAI, a URL that is none
 */
export function endpointOf (
  given: { readonly baseUrl?: string }, env: Readonly<Record<string, string | undefined>>
): Endpoint {
  const baseUrl = given.baseUrl ?? (env.OPENAI_BASE_URL?.trim() || OPENAI_URL)
  if (!/^https?:/.test(baseUrl) || !URL.canParse(baseUrl)) refuseSetting('baseUrl', 'is an http or https URL')
  const key = env.OPENAI_API_KEY?.trim()
  if (!key && baseUrl === OPENAI_URL) refuseSetting('OPENAI_API_KEY', 'is not set')
  // Endpoints of one's own often ask for none, but the client wants something to send.
  return { baseUrl, apiKey: key || 'none' }
}

export interface ClientOptions extends Endpoint {
  /** For one attempt, the whole answer included. */
  readonly timeoutMs: number
  /** Of one answer; `tooLarge` is the code where it has more. */
  readonly maxBytes: number
  readonly tooLarge: ErrorCode
}

/** The official client, which reads nothing from the environment, logs nothing and tries once. */
export function openaiClient ({ baseUrl, apiKey, timeoutMs, maxBytes, tooLarge }: ClientOptions): OpenAI {
  return new OpenAI({
    apiKey,
    baseURL: baseUrl,
    // What the client would read from the environment by itself.
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off',
    maxRetries: 0,
    timeout: timeoutMs,
    fetch: boundedFetch({ timeoutMs, maxBytes, tooLarge }),
  })
}

/** Status 408, 409, 429 and 5xx, and connections that fail, are worth another attempt. */
export function verdict (error: unknown): ReturnType<RetryOptions['verdict']> {
  if (error instanceof APIConnectionError) return { again: !(error.cause instanceof IsthmusError) }
  if (!(error instanceof APIError) || error.status === undefined) return { again: false }
  // A budget that is used up answers 429 as well, and no waiting fills it.
  const again = ([408, 409, 429].includes(error.status) || error.status >= 500) && error.code !== 'insufficient_quota'
  const afterMs = retryAfterMs(error.headers)
  return { again, ...(afterMs !== undefined && { afterMs }) }
}

/** How an endpoint's failures are told: `failed` where there is no answer, `bad` where there is one of no use. */
export interface Failures {
  /** e.g. "the endpoint of embeddings" */
  readonly who: string
  readonly failed: ErrorCode
  readonly bad: ErrorCode
}

/** Without `cause`: the client's errors carry headers, and an endpoint's message may repeat the key. */
export function codedError (error: unknown, { who, failed, bad }: Failures): IsthmusError {
  if (error instanceof IsthmusError) return error
  if (error instanceof APIConnectionError) {
    if (error.cause instanceof IsthmusError) return error.cause
    return new IsthmusError(failed, `${who} did not answer`)
  }
  if (error instanceof APIError && error.status !== undefined) {
    return new IsthmusError(failed, `${who} answered with status ${error.status}`)
  }
  if (error instanceof SyntaxError) return new IsthmusError(bad, `${who} answered with no JSON`)
  return new IsthmusError(failed, `the call of ${who} failed`, { cause: error })
}
