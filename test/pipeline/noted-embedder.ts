import type { EmbedderChoice } from '../../src/pipeline/embedder-choice.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'

/** Takes the place of the embedder that items have, whichever that is, and adds every text it embeds to `embedded`. */
export function notedEmbedder (
  { id, width }: { readonly id: string, readonly width: number }, embedded: string[]
): EmbedderChoice {
  const inner = hashEmbedder({ width })
  return {
    id,
    width,
    scope: [],
    atOnce: 1,
    open: async () => ({
      ...inner,
      id,
      embed: async (texts, options) => {
        embedded.push(...texts)
        return await inner.embed(texts, options)
      },
    }),
  }
}
