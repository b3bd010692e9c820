import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { IsthmusError } from '../../errors.ts'
import { readJson, readNames } from '../../files/read.ts'
import type { StepManifest } from '../../files/step.ts'
import { jsonText, writeFileAtomic } from '../../files/write.ts'
import type { Efficiency } from '../efficiency.ts'
import { openRunManifest } from '../train.ts'
import type { CellFolders } from './cell.ts'

/** A cell that is done, for those who come after. */
export interface CellToKeep {
  readonly label: string
  readonly folders: CellFolders
  readonly efficiency?: Efficiency | undefined
}

/**
 * What is known of a training without its weights, in a file small enough for a repository: so a page can be written
 * anew, or a study of many hours be continued, where nothing was trained.
 */
interface KeptFile {
  readonly format: 1
  /** For people. */
  readonly label: string
  /** Of the run; it names no files, since none is kept. */
  readonly run: StepManifest
  /** Files of the evaluation by their names: JSON as it is, all else compressed by gzip and in base64. */
  readonly evaluation: Readonly<Record<string, unknown>>
  readonly efficiency?: Efficiency
}

const FILE = '.json'

/** Leaves figures of these cells in `dir`; those of others that lie there stay if they are named in `also`. */
export async function keepCells (dir: string, cells: readonly CellToKeep[], also: readonly string[]): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (const { label, folders: { name, run, evaluation }, efficiency } of cells) {
    const kept: KeptFile = {
      format: 1,
      label,
      run: { ...await openRunManifest(run), files: {} },
      evaluation: await packed(evaluation),
      ...(efficiency && { efficiency }),
    }
    await writeFileAtomic(join(dir, name + FILE), jsonText(kept))
  }
  const wanted = new Set([...cells.map(({ folders }) => folders.name), ...also])
  for (const file of await readdir(dir)) if (!wanted.has(basename(file, FILE))) await rm(join(dir, file))
}

/**
 * Unpacks what `keepCells` left in `dir` into folders below `to`, as `train` and `evaluate` leave them but for the
 * weights; by the names of cells. None where there is no such directory. Throws `artefact_invalid` and
 * `format_unsupported`.
 */
export async function openKept (dir: string, to: string): Promise<ReadonlyMap<string, CellFolders>> {
  const found = new Map<string, CellFolders>()
  for (const file of await readNames(dir)) {
    const { run, evaluation, efficiency } = await readKept(join(dir, file))
    const name = basename(file, FILE)
    const folders = { name, run: join(to, name, 'run'), evaluation: join(to, name, 'evaluation') }
    await mkdir(folders.run, { recursive: true })
    await mkdir(folders.evaluation, { recursive: true })
    await writeFileAtomic(join(folders.run, 'manifest.json'), jsonText(run))
    for (const [part, value] of Object.entries(evaluation)) {
      const data = typeof value === 'string' ? gunzipSync(Buffer.from(value, 'base64')) : jsonText(value)
      await writeFileAtomic(join(folders.evaluation, basename(part)), data)
    }
    found.set(name, { ...folders, kept: { ...(efficiency && { efficiency }) } })
  }
  return found
}

async function packed (dir: string): Promise<Record<string, unknown>> {
  const files = await readdir(dir)
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [
    file,
    extname(file) === '.json' ? await readJson(join(dir, file)) : gzipSync(await readFile(join(dir, file))).toString('base64'),
  ] as const)))
}

async function readKept (path: string): Promise<KeptFile> {
  const value = await readJson(path)
  const place = { file: path }
  if (typeof value !== 'object' || value === null || !('run' in value) || !('evaluation' in value)) {
    throw new IsthmusError('artefact_invalid', `${path} does not hold the figures of a training`, { place })
  }
  if (!('format' in value) || value.format !== 1) {
    throw new IsthmusError('format_unsupported', `${path}: this version reads format 1`, {
      place: { ...place, field: 'format' },
    })
  }
  // What is inside is held against the hashes of its own manifests when it is opened.
  return value as unknown as KeptFile
}
