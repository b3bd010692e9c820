import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { readStep, stepOf } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { openProfiles, PROFILE } from '../profile/profiles.ts'
import type { Profiles } from '../profile/profiles.ts'
import { inputOf, openEmbedded, readEmbedManifest } from './embed.ts'
import type { Embeddings } from './embed.ts'

/** What training reads. */
export interface TrainInput {
  readonly dataset: Dataset
  readonly embeddings: Embeddings
  readonly profiles?: Profiles
  /** Of the directory that was opened. */
  readonly digest: string
}

/**
 * Opens what `embed` left, or what `profile` made of it and left in its turn, and everything behind. Throws what
 * `readStep` throws, and `artefact_invalid` where something was made anew since.
 */
export async function openTrainInput (dir: string): Promise<TrainInput> {
  if (await stepOf(dir) !== PROFILE) {
    const opened = await openEmbedded(dir)
    return { ...opened, digest: opened.embeddings.manifest.digest }
  }
  const profiles = await openProfiles(dir)
  const { dataset, embeddings } = await openEmbedded(inputOf(dir, profiles.manifest))
  refuseChanged(dir, profiles.manifest, embeddings.manifest.digest)
  if (profiles.width !== embeddings.width || profiles.known.length !== dataset.users.length) {
    throw new IsthmusError('artefact_invalid', `${dir} holds profiles of other users or by another embedder`, {
      place: { file: dir },
    })
  }
  return { dataset, embeddings, profiles, digest: profiles.manifest.digest }
}

/** What decides a run, without what it computes with. Throws what `readStep` throws. */
export async function readTrainInput (
  dir: string
): Promise<{ readonly digest: string, readonly textWidth: number, readonly profiled: boolean }> {
  const profiled = await stepOf(dir) === PROFILE
  const profiles = profiled ? await readStep(dir, PROFILE) : undefined
  const { manifest, embedder } = await readEmbedManifest(profiles === undefined ? dir : inputOf(dir, profiles))
  return { digest: (profiles ?? manifest).digest, textWidth: embedder.width, profiled }
}

/** Throws `artefact_invalid` where the input of the step in `dir` has another digest now. */
export function refuseChanged (dir: string, { input }: StepManifest, digest: string): void {
  if (input?.digest === digest) return
  throw new IsthmusError('artefact_invalid', `${dir} was made from something else than its input now holds`, {
    place: { file: dir, field: 'input' },
  })
}
