import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { readFloat64, readInt32, readUint32 } from '../files/read.ts'
import { readStep } from '../files/step.ts'
import { writeNumbers } from '../files/write.ts'
import { CANDIDATES_PER_USER } from './dataset.ts'
import type { Dataset, Domain, Item } from './dataset.ts'

/** The name of the step that leaves a dataset. */
export const PREPARE = 'prepare'

/** What `prepare` has made before it is written and so has a digest. */
export type DatasetContent = Omit<Dataset, 'digest'>

/** Writes the files of a dataset into `dir`; gives the manifest fields that `openDataset` needs. */
export async function writeDataset (dir: string, content: DatasetContent): Promise<Record<string, unknown>> {
  await writeLines(join(dir, 'items.jsonl'), content.items, (item) => JSON.stringify(item))
  await writeLines(join(dir, 'users.txt'), content.users, (user) => user)
  await writeNumbers(join(dir, 'offsets.u32'), content.offsets)
  await writeNumbers(join(dir, 'events.i32'), content.events)
  await writeNumbers(join(dir, 'times.f64'), content.times)
  await writeNumbers(join(dir, 'candidates-valid.i32'), content.candidates.valid)
  await writeNumbers(join(dir, 'candidates-test.i32'), content.candidates.test)
  return {
    domains: content.domains,
    users: content.users.length,
    events: content.events.length,
    candidates: { seed: content.candidates.seed, digest: content.candidates.digest },
  }
}

/**
 * Opens the directory that `prepare` left, after checking every file's sha256. Throws what `readStep` throws, and
 * `artefact_invalid` where counts and files disagree.
 */
export async function openDataset (dir: string): Promise<Dataset> {
  const manifest = await readStep(dir, PREPARE)
  // Written by writeDataset, and the files it belongs to have the hashes that writeStep recorded.
  const { domains, users: userCount, events: eventCount, candidates } = manifest as unknown as {
    domains: Domain[], users: number, events: number, candidates: { seed: number, digest: string }
  }
  const [items, users, offsets, events, times, valid, test] = await Promise.all([
    readLines(join(dir, 'items.jsonl'), (line) => JSON.parse(line) as Item),
    readLines(join(dir, 'users.txt'), (line) => line),
    readUint32(join(dir, 'offsets.u32'), userCount + 1),
    readInt32(join(dir, 'events.i32'), eventCount),
    readFloat64(join(dir, 'times.f64'), eventCount),
    readInt32(join(dir, 'candidates-valid.i32'), userCount * CANDIDATES_PER_USER),
    readInt32(join(dir, 'candidates-test.i32'), userCount * CANDIDATES_PER_USER),
  ])
  const itemCount = domains.reduce((sum, domain) => sum + domain.size, 0)
  if (items.length !== itemCount || users.length !== userCount || offsets[userCount] !== eventCount) {
    throw new IsthmusError('artefact_invalid', `${dir}: the manifest and the files have different counts`, {
      place: { file: dir },
    })
  }
  return {
    digest: manifest.digest, domains, items, users, offsets, events, times, candidates: { ...candidates, valid, test },
  }
}

/** Writes one line a value. */
export async function writeLines<T> (path: string, values: readonly T[], text: (value: T) => string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (let from = 0; from < values.length; from += 10_000) {
      const lines = values.slice(from, from + 10_000).map((value) => `${text(value)}\n`)
      await file.appendFile(lines.join(''))
    }
  } finally {
    await file.close()
  }
}

/** A value from each line. Splits at \n alone: node:readline also splits at U+2028, which JSON leaves in a title. */
export async function readLines<T> (path: string, parse: (line: string) => T): Promise<T[]> {
  const values: T[] = []
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()!
    for (const line of lines) values.push(parse(line))
  }
  return values
}
