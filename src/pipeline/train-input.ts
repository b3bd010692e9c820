import { AUGMENT } from '../augment/augmentation-files.ts'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { readStep, stepOf } from '../files/step.ts'
import { openProfiles, PROFILE } from '../profile/profiles.ts'
import type { Profiles } from '../profile/profiles.ts'
import { inputOf, readEmbedManifest, refuseChanged } from './embed.ts'
import type { Embeddings } from './embed.ts'
import { openItemTexts } from './item-texts.ts'

/** What training reads. */
export interface TrainInput {
  readonly dataset: Dataset
  readonly embeddings: Embeddings
  readonly profiles?: Profiles
  /** Of the directory that was opened. */
  readonly digest: string
}

/**
 * Opens what `embed` or `augment` left, or what `profile` made of either and left in its turn, and everything behind.
 * Throws what `readStep` throws, and `artefact_invalid` where something was made anew since.
 */
export async function openTrainInput (dir: string): Promise<TrainInput> {
  if (await stepOf(dir) !== PROFILE) return await openItemTexts(dir)
  const profiles = await openProfiles(dir)
  const { dataset, embeddings, digest } = await openItemTexts(inputOf(dir, profiles.manifest))
  refuseChanged(dir, profiles.manifest, digest)
  if (profiles.width !== embeddings.width || profiles.known.length !== dataset.users.length) {
    throw new IsthmusError('artefact_invalid', `${dir} holds profiles of other users or by another embedder`, {
      place: { file: dir },
    })
  }
  return { dataset, embeddings, profiles, digest: profiles.manifest.digest }
}

/** What decides a run, without what it computes with. Throws what `readStep` throws. */
export async function readTrainInput (dir: string): Promise<{
  readonly digest: string, readonly textWidth: number, readonly profiled: boolean, readonly augmented: boolean,
}> {
  const profiles = await stepOf(dir) === PROFILE ? await readStep(dir, PROFILE) : undefined
  const texts = profiles === undefined ? dir : inputOf(dir, profiles)
  const augmentation = await stepOf(texts) === AUGMENT ? await readStep(texts, AUGMENT) : undefined
  const embedded = augmentation === undefined ? texts : inputOf(texts, augmentation)
  const { manifest, embedder } = await readEmbedManifest(embedded)
  const { digest } = profiles ?? augmentation ?? manifest
  return { digest, textWidth: embedder.width, profiled: profiles !== undefined, augmented: augmentation !== undefined }
}
