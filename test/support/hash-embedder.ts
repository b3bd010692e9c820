import { createHash } from 'node:crypto'
import type { TextEmbedder } from '../../src/llm/embedder.ts'

/** Feature hashing over lower-cased words, L2-normalised: the same text gives the same vector on every machine. */
export function hashEmbedder ({ width = 64 } = {}): TextEmbedder {
  return {
    id: `hash/${width}`,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const rows = new Float32Array(texts.length * width)
      for (const [row, text] of texts.entries()) {
        rows.set(hashed(text, width), row * width)
        onProgress?.(row + 1)
      }
      return rows
    },
    close: async () => {},
  }
}

function hashed (text: string, width: number): Float32Array {
  const sums = new Float32Array(width)
  // The first coordinate keeps a text without words from being no direction at all.
  sums[0] = 1
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const digest = createHash('sha256').update(word).digest()
    sums[digest.readUInt32LE(0) % width]! += digest[4]! & 1 ? 1 : -1
  }
  const norm = Math.hypot(...sums) || 1
  return sums.map((value) => value / norm)
}
