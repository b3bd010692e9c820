import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { TextEmbedder } from './embedder.ts'
import { openEmbeddingLog } from './embedding-log.ts'

export interface CacheOptions {
  readonly dir: string
  /** What else decides a vector besides embedder and text: template version, endpoint. */
  readonly scope?: readonly string[]
}

/** Texts are sent on, and their rows kept, in pieces of this many: what a killed run loses at most. */
const PIECE = 256

/**
 * Keeps every vector of `embedder` on disk, under sha256(embedder id, width, scope, text): a run stopped at 60 % asks
 * for the other 40 % only. Equal texts of one call are asked for once. Closing it closes `embedder`.
 */
export async function cachedEmbedder (
  embedder: TextEmbedder, { dir, scope = [] }: CacheOptions
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

      for (let from = 0; from < missing.length; from += PIECE) {
        const piece = missing.slice(from, from + PIECE)
        const rows = await embedder.embed(piece.map(([, text]) => text), {
          ...(signal && { signal }),
          ...(onProgress && { onProgress: (done) => onProgress(known + from + done) }),
        })
        await log.append(piece.map(([key], i) => ({ key, row: rows.subarray(i * width, (i + 1) * width) })))
      }

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
