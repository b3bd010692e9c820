import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readJson } from '../files/read.ts'
import { writeFileAtomic } from '../files/write.ts'

/** A batch that is, or may be, under way: what a later process needs to collect it. */
export interface BatchState {
  /** Stands in the batch's metadata. */
  readonly mark: string
  /** Absent where the process ended before the endpoint's answer was written down. */
  readonly id?: string
  readonly requests: ReadonlyArray<{ readonly key: string, readonly step: string, readonly user?: string }>
}

export interface BatchStates {
  all: () => Promise<BatchState[]>
  save: (state: BatchState) => Promise<void>
  remove: (state: BatchState) => Promise<void>
}

const SUFFIX = '.json'

/** One file a batch in `dir`, each the old one or the whole new one at any time. */
export function openBatchStates (dir: string): BatchStates {
  const pathOf = ({ mark }: BatchState): string => join(dir, `${mark}${SUFFIX}`)
  return {
    async all () {
      await mkdir(dir, { recursive: true })
      const names = (await readdir(dir)).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.')).sort()
      // Written by `save` alone.
      return await Promise.all(names.map(async (name) => await readJson(join(dir, name)) as BatchState))
    },
    save: async (state) => await writeFileAtomic(pathOf(state), JSON.stringify(state)),
    remove: async (state) => await rm(pathOf(state), { force: true }),
  }
}
