/** Arrays and objects may be nested this deep. */
export const MAX_JSON_DEPTH = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Whether a JSON text nests deeper than `limit`, seen before it is parsed: V8 parses a hundred thousand levels, and
 * what walks the result afterwards overflows the stack. Says nothing of whether the text is JSON. Linear, no copies.
 */
export function isTooDeep (json: Uint8Array, limit = MAX_JSON_DEPTH): boolean {
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (byte === QUOTE) {
      for (i++; i < json.length && json[i] !== QUOTE; i++) if (json[i] === BACKSLASH) i++
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++
      if (depth > limit) return true
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--
    }
  }
  return false
}
