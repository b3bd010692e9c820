import { join } from 'node:path'
import { readLines, writeLines } from '../data/dataset-files.ts'
import type { Augmentation, Item } from '../data/dataset.ts'
import { readFloat32, readInt32, readUint32 } from '../files/read.ts'
import { readStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { writeNumbers } from '../files/write.ts'

/** The name of the step that leaves synthetic events. */
export const AUGMENT = 'augment'

const ITEMS = 'items.jsonl'
const ROWS = 'text.f32'
const OFFSETS = 'offsets.u32'
const EVENTS = 'events.i32'
const SYNTHETIC = 'synthetic.i32'

export interface AugmentationFiles {
  /** Its `input` is the digest of the embeddings that it was made from. */
  readonly manifest: StepManifest
  readonly augmentation: Augmentation
  readonly width: number
  /** Raw text embeddings of the fresh items, by the items' embedder: row-major [fresh items, width]. */
  readonly rows: Float32Array
}

/** Counts as the manifest has them; `openAugmentation` needs them. */
type Counts = Readonly<Record<'users' | 'events' | 'syntheticEvents' | 'freshItems' | 'width', number>>

/** Writes synthetic events and fresh items into `dir`; gives the manifest fields that `openAugmentation` needs. */
export async function writeAugmentation (
  dir: string, { augmentation, width, rows }: Omit<AugmentationFiles, 'manifest'>
): Promise<Counts> {
  const { items, offsets, events, synthetic } = augmentation
  await writeLines(join(dir, ITEMS), items, (item) => JSON.stringify(item))
  await writeNumbers(join(dir, ROWS), rows)
  await writeNumbers(join(dir, OFFSETS), offsets)
  await writeNumbers(join(dir, EVENTS), events)
  await writeNumbers(join(dir, SYNTHETIC), synthetic)
  return {
    users: offsets.length - 1,
    events: events.length,
    syntheticEvents: synthetic.reduce((sum, flag) => sum + flag, 0),
    freshItems: items.length,
    width,
  }
}

/**
 * Opens what the step `augment` left. Throws what `readStep` throws; that it belongs to the embeddings at hand is for
 * the caller to check (`manifest.input.digest`), and to the dataset for `withAugmentation`.
 */
export async function openAugmentation (dir: string): Promise<AugmentationFiles> {
  const manifest = await readStep(dir, AUGMENT)
  // Written by writeAugmentation and the step, and readStep has checked whose manifest it is.
  const { users, events: count, freshItems, width } = manifest as unknown as Counts
  const [items, rows, offsets, events, synthetic] = await Promise.all([
    readLines(join(dir, ITEMS), (line) => JSON.parse(line) as Item),
    readFloat32(join(dir, ROWS), freshItems * width),
    readUint32(join(dir, OFFSETS), users + 1),
    readInt32(join(dir, EVENTS), count),
    readInt32(join(dir, SYNTHETIC), count),
  ])
  return { manifest, augmentation: { items, offsets, events, synthetic }, width, rows }
}
