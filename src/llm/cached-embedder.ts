import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TextEmbedder } from './embedder.ts'
import { openEmbeddingLog } from './embedding-log.ts'

export interface CacheOptions {
  readonly dir: string
  /** What else decides a vector besides embedder and text: template version, endpoint. */
  readonly scope?: readonly string[]
  /** Calls of `embedder` under way at the same time. */
  readonly atOnce?: number
}

/** Texts are sent on, and their rows kept, in pieces of this many: what a killed run loses at most. */
const PIECE = 256

/**
 * Keeps every vector of `embedder` on disk, under sha256(embedder id, width, scope, text): a run stopped at 60 % asks
 * for the other 40 % only. Equal texts of one call are asked for once. Closing it closes `embedder`.
 */
export async function cachedEmbedder (
  embedder: TextEmbedder, { dir, scope = [], atOnce = 1 }: CacheOptions
): Promise<TextEmbedder> {
  const { id, width } = embedder
  const log = await openEmbeddingLog(join(dir, folderOf(id, width)), width)
  // JSON keeps apart what a plain join would let run together.
  const keyOf = (text: string): string =>
    createHash('sha256').update(JSON.stringify([id, width, scope, text])).digest('hex')

  return {
    id,
    width,
    async embed (texts, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const keys = texts.map(keyOf)
      const missing = [...new Map(keys.map((key, i) => [key, texts[i]!]))].filter(([key]) => !log.has(key))
      const known = texts.length - missing.length
      if (known > 0) onProgress?.(known)

      const counts: number[] = []
      let next = 0
      const takePieces = async (): Promise<void> => {
        while (next < missing.length) {
          const from = next
          const piece = missing.slice(from, next += PIECE)
          const count = (done: number): void => {
            counts[from / PIECE] = done
            onProgress?.(counts.reduce((sum, one) => sum + one, known))
          }
          const rows = await embedder.embed(piece.map(([, text]) => text), {
            ...(signal && { signal }), ...(onProgress && { onProgress: count }),
          })
          await log.append(piece.map(([key], i) => ({ key, row: rows.subarray(i * width, (i + 1) * width) })))
        }
      }
      // What is under way when one piece fails is paid for already: it is waited for and kept.
      const ends = await Promise.allSettled(Array.from({ length: atOnce }, async () => {
        await takePieces().catch((error: unknown) => {
          next = missing.length
          throw error
        })
      }))
      for (const end of ends) if (end.status === 'rejected') throw end.reason

      const rows = new Float32Array(texts.length * width)
      for (const [row, key] of keys.entries()) rows.set(await log.read(key), row * width)
      signal?.throwIfAborted()
      return rows
    },
    async close () {
      await log.close()
      await embedder.close()
    },
  }
}

/** A name that any file system takes, and that differs where id or width differ. */
function folderOf (id: string, width: number): string {
  const digest = createHash('sha256').update(JSON.stringify([id, width])).digest('hex').slice(0, 8)
  return `${id.replace(/[^A-Za-z0-9.]+/g, '-').slice(0, 64)}-${digest}`
}
