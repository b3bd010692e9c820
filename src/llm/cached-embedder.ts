import { endianness } from 'node:os'
import { join } from 'node:path'
import { contentFolder, contentKey, openContentLog } from './content-log.ts'
import type { TextEmbedder } from './embedder.ts'
import { runPool } from './pool.ts'

export interface CacheOptions {
  readonly dir: string
  /** What else decides a vector besides embedder and text: template version, endpoint. */
  readonly scope?: readonly string[]
  /** Calls of `embedder` under way at the same time. */
  readonly atOnce?: number
}

/** Texts are sent on, and their rows kept, in pieces of this many: what a killed run loses at most. */
const PIECE = 256

/** Where below the cache's folder an embedder's vectors lie. */
export function embeddingFolder ({ id, width }: Pick<TextEmbedder, 'id' | 'width'>): string {
  return contentFolder([id, width])
}

/** The key of a text's vector. */
export function embeddingKey (
  { id, width }: Pick<TextEmbedder, 'id' | 'width'>, scope: readonly string[], text: string
): string {
  return contentKey([id, width, scope, text])
}

/**
 * Keeps every vector of `embedder` on disk, under sha256(embedder id, width, scope, text): a run stopped at 60 % asks
 * for the other 40 % only. Equal texts of one call are asked for once. Closing it closes `embedder`.
 */
export async function cachedEmbedder (
  embedder: TextEmbedder, { dir, scope = [], atOnce = 1 }: CacheOptions
): Promise<TextEmbedder> {
  const { id, width } = embedder
  const log = await openContentLog(join(dir, embeddingFolder(embedder)))

  return {
    id,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const keys = texts.map((text) => embeddingKey(embedder, scope, text))
      const missing = [...new Map(keys.map((key, i) => [key, texts[i]!]))].filter(([key]) => !log.has(key))
      const known = texts.length - missing.length
      if (known > 0) onProgress?.(known)

      const counts: number[] = []
      await runPool(Math.ceil(missing.length / PIECE), atOnce, async (at) => {
        const piece = missing.slice(at * PIECE, (at + 1) * PIECE)
        const count = (done: number): void => {
          counts[at] = done
          onProgress?.(counts.reduce((sum, one) => sum + one, known))
        }
        const rows = await embedder.embed(piece.map(([, text]) => text), {
          ...(signal && { signal }), ...(onProgress && { onProgress: count }),
        })
        const contentOf = (row: number): Buffer => bytesOf(rows.subarray(row * width, (row + 1) * width))
        await log.append(piece.map(([key], row) => ({ key, content: contentOf(row) })))
      })

      const rows = new Float32Array(texts.length * width)
      for (const [row, key] of keys.entries()) rows.set(rowOf(await log.read(key), width), row * width)
      signal?.throwIfAborted()
      return rows
    },
    async close () {
      await log.close()
      await embedder.close()
    },
  }
}

/** Little-endian, on every machine. */
function bytesOf (row: Float32Array): Buffer {
  const bytes = Buffer.from(row.slice().buffer)
  return endianness() === 'LE' ? bytes : bytes.swap32()
}

function rowOf (content: Buffer, width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => content.readFloatLE(i * 4))
}
