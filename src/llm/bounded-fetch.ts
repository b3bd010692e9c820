import { IsthmusError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

export interface FetchBounds {
  readonly timeoutMs: number
  readonly maxBytes: number
  /** The code of the error where an answer has more. */
  readonly tooLarge: ErrorCode
}

/**
 * A `fetch` for endpoints that are not trusted: the whole answer, body too, has to be there within the time and the
 * size, and a redirect is an answer of its own and never followed.
 */
export function boundedFetch ({ timeoutMs, maxBytes, tooLarge }: FetchBounds): typeof fetch {
  return async (input, init = {}) => {
    const late = AbortSignal.timeout(timeoutMs)
    const signal = init.signal == null ? late : AbortSignal.any([init.signal, late])
    const response = await fetch(input, { ...init, redirect: 'manual', signal })
    const body = await readAtMost(response, maxBytes, tooLarge)
    const { status, statusText, headers } = response
    // The constructor refuses a body, even an empty one, where the status has none.
    return new Response([204, 205, 304].includes(status) ? null : body, { status, statusText, headers })
  }
}

async function readAtMost (
  response: Response, maxBytes: number, tooLarge: ErrorCode
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let bytes = 0
  // Breaking out of the loop, also by a throw, cancels the rest of the body.
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > maxBytes) {
      throw new IsthmusError(tooLarge, `the endpoint answered with more than ${maxBytes} bytes`)
    }
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
