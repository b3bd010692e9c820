/** Control characters; what changes the direction of text; line and paragraph separators. */
const FORBIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu
/** Format, unassigned and private characters and blank letters show nothing; \p{Cf} holds the zero-width ones. */
const INVISIBLE = /[\s\p{Cf}\p{Cn}\p{Co}\u115f\u1160\u3164\uffa0]|\u034f/gu
/** More combining marks on one letter than any script needs. */
const MARK_PILE = /(\p{M}{8})\p{M}+/gu

/**
 * A text of a log as one line, with what the service would refuse taken out: NFC, control and direction characters
 * as spaces, piles of marks cut, and at most `limit` code points. Undefined where nothing visible is left.
 * The service refuses such a text and its caller mends it; an old log has nobody to mend it.
 */
export function tidyText (text: string, limit: number): string | undefined {
  // Before anything that costs time in proportion: a description may be megabytes. A code point has up to two units.
  const tidy = text.slice(0, 4 * limit).replace(FORBIDDEN, ' ').normalize('NFC').replace(MARK_PILE, '$1')
    .replace(/\s+/g, ' ').trim()
  if (tidy.replace(INVISIBLE, '') === '') return undefined
  return tidy.length <= limit ? tidy : [...tidy].slice(0, limit).join('').trim()
}
