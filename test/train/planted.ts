import { join } from 'node:path'
import { AUGMENT, writeAugmentation } from '../../src/augment/augmentation-files.ts'
import { PREPARE, writeDataset } from '../../src/data/dataset-files.ts'
import { CANDIDATES_PER_USER, trainPrefix } from '../../src/data/dataset.ts'
import type { Dataset, Domain, Item } from '../../src/data/dataset.ts'
import { readStep, writeStep } from '../../src/files/step.ts'
import { writeNumbers } from '../../src/files/write.ts'
import { PROFILE, type ProfileRows, writeProfiles } from '../../src/profile/profiles.ts'
import { createRandom } from '../../src/random.ts'
import type { ItemTexts, UserProfiles } from '../../src/systems/initial-weights.ts'

/** A dataset from sequences of global ids, with what training does not look at left empty. */
export function datasetOf (sizes: readonly number[], sequences: ReadonlyArray<readonly number[]>): Dataset {
  let offset = 0
  const domains = sizes.map((size, k): Domain => {
    const domain = { name: 'ABCDE'[k]!, size, offset }
    offset += size
    return domain
  })
  const offsets = new Uint32Array(sequences.length + 1)
  for (const [u, sequence] of sequences.entries()) offsets[u + 1] = offsets[u]! + sequence.length
  const items = domains.flatMap(({ name, size }) =>
    Array.from({ length: size }, (_, i): Item => ({ itemId: `${name}${i + 1}`, domain: name })))
  return {
    digest: 'planted',
    domains,
    items,
    users: sequences.map((_, u) => `u${u}`),
    offsets,
    events: Int32Array.from(sequences.flat()),
    times: Float64Array.from(sequences.flat(), (_, i) => i),
    candidates: { seed: 0, digest: '', valid: new Int32Array(0), test: new Int32Array(0) },
  }
}

/**
 * Two domains, items in topics: after an item of A comes an item of B of the same topic, after an item of B any item
 * of A. Popularity knows nothing of it. Texts say the topic, with noise.
 */
export function plantedShop (
  { users = 60, topics = 4, perTopic = 5, length = 9, textWidth = 12, seed = 1 } = {}
): { dataset: Dataset, texts: ItemTexts } {
  const random = createRandom(seed, 'planted')
  const size = topics * perTopic
  const sequences = Array.from({ length: users }, () => {
    const events: number[] = []
    for (let i = 0; i < length; i++) {
      if (i % 2 === 0) events.push(1 + random.integer(size))
      else events.push(size + 1 + Math.floor((events.at(-1)! - 1) / perTopic) * perTopic + random.integer(perTopic))
    }
    // Whether validation or test asks for an item of B differs between users.
    return events.slice(0, length - random.integer(2))
  })
  const rows = new Float32Array(2 * size * textWidth)
  for (let g = 0; g < 2 * size; g++) {
    for (let i = 0; i < textWidth; i++) rows[g * textWidth + i] = 0.1 * random.normal()
    rows[g * textWidth + Math.floor((g % size) / perTopic)]! += 1
  }
  return { dataset: datasetOf([size, size], sequences), texts: { width: textWidth, rows } }
}

/**
 * Two domains, items in topics, users true to one topic in both: what the texts say of it holds in either domain, and
 * popularity knows nothing of it.
 */
export function faithfulShop (
  { users = 60, topics = 4, perTopic = 8, length = 5, textWidth = 12, seed = 1 } = {}
): { dataset: Dataset, texts: ItemTexts } {
  const random = createRandom(seed, 'faithful')
  const size = topics * perTopic
  const sequences = Array.from({ length: users }, (_, user) =>
    Array.from({ length: 2 * length }, (_, i) =>
      (i % 2) * size + 1 + (user % topics) * perTopic + random.integer(perTopic)))
  const rows = new Float32Array(2 * size * textWidth)
  for (let g = 0; g < 2 * size; g++) {
    for (let i = 0; i < textWidth; i++) rows[g * textWidth + i] = 0.1 * random.normal()
    rows[g * textWidth + Math.floor((g % size) / perTopic)]! += 1
    rows[g * textWidth + topics + Math.floor(g / size)]! += 1
  }
  return { dataset: datasetOf([size, size], sequences), texts: { width: textWidth, rows } }
}

/** Made-up profiles of the planted shop's users, none for every third: the mean of their texts, with noise. */
export function plantedProfiles (
  { dataset, texts: { width, rows } }: ReturnType<typeof plantedShop>
): UserProfiles & ProfileRows {
  const random = createRandom(2, 'planted-profiles')
  const all = new Float32Array(dataset.users.length * width)
  const known = Float32Array.from(dataset.users, (_, user) => user % 3 === 2 ? 0 : 1)
  for (const user of dataset.users.keys()) {
    if (known[user] === 0) continue
    const events = trainPrefix(dataset, user)
    for (let i = 0; i < width; i++) {
      const mean = events.reduce((sum, id) => sum + rows[(id - 1) * width + i]!, 0) / events.length
      all[user * width + i] = mean + 0.05 * random.normal()
    }
  }
  return { width, rows: all, known }
}

/** Leaves profiles as the step `profile` would, beside the directory of the embeddings. */
export async function writePlantedProfiles (embeddings: string, profiles: ProfileRows): Promise<string> {
  const dir = `${embeddings}-profiles`
  const { digest } = await readStep(embeddings, 'embed')
  await writeStep(dir, { step: PROFILE, input: { dir: embeddings, digest }, settings: {} }, (into) =>
    writeProfiles(into, profiles, 'planted'))
  return dir
}

/**
 * Leaves synthetic events as the step `augment` would: after the first event of each user but every third, a fresh item
 * of the other domain and of the same topic, and one of the catalogue after that.
 */
export async function writePlantedAugmentation (
  embeddings: string, { dataset, texts }: ReturnType<typeof plantedShop>
): Promise<string> {
  const { domains, users, items } = dataset
  const fresh = domains.flatMap(({ name }) =>
    Array.from({ length: 3 }, (_, i): Item => ({ itemId: `synthetic:${name}:${i + 1}`, domain: name, title: 'made up' })))
  const sequences = users.map((_, user) => {
    const [first = 0, ...rest] = trainPrefix(dataset, user)
    if (user % 3 === 2) return [first, ...rest].map((id) => [id, 0])
    const madeUp = [items.length + 4 + user % 3, domains[1]!.offset + 1 + user % 5]
    return [[first, 0], ...madeUp.map((id) => [id, 1]), ...rest.map((id) => [id, 0])]
  })
  const offsets = new Uint32Array(users.length + 1)
  for (const [user, { length }] of sequences.entries()) offsets[user + 1] = offsets[user]! + length
  const dir = `${embeddings}-augmented`
  const { digest } = await readStep(embeddings, 'embed')
  await writeStep(dir, { step: AUGMENT, input: { dir: embeddings, digest }, settings: {} }, (into) =>
    writeAugmentation(into, {
      augmentation: {
        items: fresh,
        offsets,
        events: Int32Array.from(sequences.flat().map(([id]) => id!)),
        synthetic: Int32Array.from(sequences.flat().map(([, flag]) => flag!)),
      },
      width: texts.width,
      rows: Float32Array.from({ length: fresh.length * texts.width }, (_, i) => texts.rows[i]! + 0.01),
    }))
  return dir
}

/** Leaves a shop as the steps `prepare` and `embed` would, under `folder`; gives the directory of the embeddings. */
export async function writeShop (
  folder: string, { dataset, texts }: ReturnType<typeof plantedShop>, embedder = 'planted/1'
): Promise<string> {
  const data = join(folder, 'data')
  const embeddings = join(folder, 'embeddings')
  const none = new Int32Array(dataset.users.length * CANDIDATES_PER_USER)
  const candidates = { ...dataset.candidates, valid: none, test: none }
  const { digest } = await writeStep(data, { step: PREPARE, settings: {} }, (dir) =>
    writeDataset(dir, { ...dataset, candidates }))
  const settings = { embedder: { id: embedder, width: texts.width }, prompt: { template: 'item-product/1', nouns: {} } }
  await writeStep(embeddings, { step: 'embed', input: { dir: data, digest }, settings }, async (dir) => {
    await writeNumbers(join(dir, 'text.f32'), texts.rows)
    return {}
  })
  return embeddings
}
