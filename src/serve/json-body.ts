import { IsthmusError } from '../errors.ts'
import { isTooDeep } from './json-depth.ts'

/** Turns decoded text into a value and refuses prototype poisoning: Fastify's own parser, set to refuse. */
export type ParseText = (text: string) => unknown

/**
 * A JSON value from bytes off the wire. Fails with `empty_body`, `json_too_deep`, or `malformed_json` (which covers
 * bytes that are not UTF-8 and escapes that leave half a surrogate pair: such text cannot be stored or compared).
 */
export function parseJson (bytes: Uint8Array, parseText: ParseText): unknown {
  if (bytes.length === 0) throw new IsthmusError('empty_body', 'empty body')
  if (isTooDeep(bytes)) throw new IsthmusError('json_too_deep', 'nested too deeply')
  const text = decode(bytes)
  const value = parse(text, parseText)
  // Only an escape can bring half a pair into text that was valid UTF-8.
  if (/\\u[dD][89a-fA-F]/.test(text) && !isWellFormed(value)) {
    throw new IsthmusError('malformed_json', 'half a surrogate pair')
  }
  return value
}

function decode (bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new IsthmusError('malformed_json', 'not UTF-8', { cause })
  }
}

function parse (text: string, parseText: ParseText): unknown {
  try {
    return parseText(text)
  } catch (cause) {
    throw new IsthmusError('malformed_json', 'not JSON', { cause })
  }
}

/** The depth is bounded by now, so that recursion is safe. */
function isWellFormed (value: unknown): boolean {
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, inner]) => isWellFormed(key) && isWellFormed(inner))
}
