const MAX_TITLE_POINTS = 512
/** A run of marks on one letter, and marks in all: real scripts need three or four on a letter. */
const MAX_MARK_RUN = 8

/** Control characters; bidirectional overrides, embeddings and isolates; line and paragraph separators. */
const FORBIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/u
/** Unassigned, private and format characters are no content either; \p{Cf} holds the zero-width ones. */
const INVISIBLE = /\u034f|[\s\p{Cf}\p{Cn}\p{Co}\u115f\u1160\u3164\uffa0]/gu

/**
 * A line of text as it is stored: NFC, trimmed. Undefined where it holds what no title needs: control and
 * direction-changing characters, nothing visible, a pile of combining marks, or more than `maxPoints` code points.
 */
export function cleanLine (text: string, maxPoints = MAX_TITLE_POINTS): string | undefined {
  if (FORBIDDEN.test(text)) return undefined
  return checked(text.normalize('NFC').trim(), maxPoints)
}

/** Like `cleanLine`, for text that may have lines and tabs. */
export function cleanText (text: string, maxPoints: number): string | undefined {
  if (FORBIDDEN.test(text.replace(/[\r\n\t]/g, ' '))) return undefined
  return checked(text.normalize('NFC').trim(), maxPoints)
}

function checked (text: string, maxPoints: number): string | undefined {
  // A code point has at most two units: texts far too long need no counting.
  if (text.length > 2 * maxPoints || [...text].length > maxPoints) return undefined
  if (text.replace(INVISIBLE, '') === '') return undefined
  return new RegExp(`\\p{M}{${MAX_MARK_RUN + 1}}`, 'u').test(text) ? undefined : text
}
