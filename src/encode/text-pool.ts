import { availableParallelism } from 'node:os'
import type { TextEmbedder } from '../llm/embedder.ts'
import { textClient } from './text-client.ts'

export interface TextPoolOptions {
  /** Threads, each with a model of its own (about 120 MB). Default: one a core, at most 8. */
  readonly workers?: number
  /** Makes one worker's client: tests pass others. */
  readonly open?: () => Promise<TextEmbedder>
}

/** How many workers a pool has unless told, and so how many calls it can serve at a time. */
export const TEXT_WORKERS = Math.min(8, availableParallelism())

/**
 * The local embedder on several threads, for whole catalogues: each call goes whole to the worker with the fewest
 * texts before it. Fails like `textClient`.
 */
export async function textPool (
  { workers = TEXT_WORKERS, open = textClient }: TextPoolOptions = {}
): Promise<TextEmbedder> {
  const opened = await Promise.allSettled(Array.from({ length: workers }, open))
  const members = opened.flatMap((end) => end.status === 'fulfilled' ? [{ embedder: end.value, texts: 0 }] : [])
  const close = async (): Promise<void> => {
    await Promise.all(members.map(async ({ embedder }) => await embedder.close()))
  }
  for (const end of opened) {
    if (end.status === 'fulfilled') continue
    await close()
    throw end.reason
  }
  const { id, width } = members[0]!.embedder
  return {
    id,
    width,
    async embed (texts, options) {
      const member = members.reduce((least, one) => one.texts < least.texts ? one : least)
      member.texts += texts.length
      return await member.embedder.embed(texts, options).finally(() => { member.texts -= texts.length })
    },
    close,
  }
}
