import { join } from 'node:path'
import { readFloat32 } from '../files/read.ts'
import { readStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { writeNumbers } from '../files/write.ts'

/** The name of the step that leaves profiles. */
export const PROFILE = 'profile'

const ROWS = 'profiles.f32'
const KNOWN = 'known.f32'

/** What users like, as vectors of the text embedder. */
export interface ProfileRows {
  /** Row u for user u of the dataset, row-major [users, width]; zeros for a user without a profile. */
  readonly rows: Float32Array
  /** [users]: 1 where a user has a profile, else 0. */
  readonly known: Float32Array
}

export interface Profiles extends ProfileRows {
  /** Its `input` is the digest of the embeddings that it was made from. */
  readonly manifest: StepManifest
  /** The embedder's own width, as that of the items. */
  readonly width: number
  /** Who wrote the profiles: `extractive`, or `openai/<model>`. */
  readonly chat: string
}

/**
 * Opens what the step `profile` left. Throws what `readStep` throws; that the profiles belong to the embeddings at
 * hand is for the caller to check (`manifest.input.digest`).
 */
export async function openProfiles (dir: string): Promise<Profiles> {
  const manifest = await readStep(dir, PROFILE)
  // Written by writeProfiles and the step, and readStep has checked whose manifest it is.
  const { users, width, chat } = manifest as unknown as { users: number, width: number, chat: string }
  const [rows, known] = await Promise.all([
    readFloat32(join(dir, ROWS), users * width), readFloat32(join(dir, KNOWN), users),
  ])
  return { manifest, width, chat, rows, known }
}

/** Writes the vectors into `dir`; gives the manifest fields that `openProfiles` needs. */
export async function writeProfiles (
  dir: string, { rows, known }: ProfileRows, chat: string
): Promise<{ users: number, width: number, chat: string, without: number }> {
  await writeNumbers(join(dir, ROWS), rows)
  await writeNumbers(join(dir, KNOWN), known)
  return {
    users: known.length, width: rows.length / known.length, chat, without: known.filter((flag) => flag === 0).length,
  }
}
