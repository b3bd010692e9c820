import type { TextEmbedder } from '../../llm/embedder.ts'
import type { TextEmbedderChoice } from '../text-embedder.ts'

/** Text embedders by id: models with one embedder share it, since each costs a thread and its weights. */
export interface EmbedderShelf {
  take: (wanted: Pick<TextEmbedder, 'id' | 'width'>) => Promise<SharedEmbedder>
}

export interface SharedEmbedder extends TextEmbedderChoice {
  /** It is closed with the last model that uses it. */
  release: () => Promise<void>
}

/** @param open makes an embedder */
export function createEmbedderShelf (
  open: (wanted: Pick<TextEmbedder, 'id' | 'width'>) => Promise<TextEmbedderChoice>
): EmbedderShelf {
  const opened = new Map<string, { readonly choice: Promise<TextEmbedderChoice>, users: number }>()
  return {
    async take ({ id, width }) {
      const known = opened.get(id) ?? { choice: open({ id, width }), users: 0 }
      opened.set(id, known)
      known.users++
      let released = false
      const release = async (): Promise<void> => {
        if (released) return
        released = true
        known.users--
        if (known.users > 0) return
        opened.delete(id)
        await (await known.choice).embedder.close()
      }
      try {
        return { ...await known.choice, release }
      } catch (error) {
        opened.delete(id)
        throw error
      }
    },
  }
}
