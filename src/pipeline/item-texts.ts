import { AUGMENT, openAugmentation } from '../augment/augmentation-files.ts'
import { withAugmentation } from '../data/augmentation.ts'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { stepOf } from '../files/step.ts'
import { inputOf, openEmbedded, refuseChanged } from './embed.ts'
import type { Embeddings } from './embed.ts'

/** Items with their raw text embeddings. */
export interface ItemTextInput {
  readonly dataset: Dataset
  /** Its rows go on with those of fresh items where the dataset is augmented. */
  readonly embeddings: Embeddings
  /** Of the directory that was opened. */
  readonly digest: string
}

/**
 * Opens what `embed` left, or what `augment` made of it and left in its turn. Throws what `readStep` throws, and
 * `artefact_invalid` where something was made anew since.
 */
export async function openItemTexts (dir: string): Promise<ItemTextInput> {
  if (await stepOf(dir) !== AUGMENT) {
    const opened = await openEmbedded(dir)
    return { ...opened, digest: opened.embeddings.manifest.digest }
  }
  const { manifest, augmentation, width, rows } = await openAugmentation(dir)
  const { dataset, embeddings } = await openEmbedded(inputOf(dir, manifest))
  refuseChanged(dir, manifest, embeddings.manifest.digest)
  if (width !== embeddings.width) {
    throw new IsthmusError('artefact_invalid', `${dir} holds items by another embedder`, { place: { file: dir } })
  }
  const all = new Float32Array(embeddings.rows.length + rows.length)
  all.set(embeddings.rows)
  all.set(rows, embeddings.rows.length)
  return {
    dataset: withAugmentation(dataset, augmentation),
    embeddings: { ...embeddings, rows: all },
    digest: manifest.digest,
  }
}
