import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { IsthmusError } from '../errors.ts'

/** A file of rows. Users bring .csv, .jsonl and .parquet, the first two also as .gz; `tsv` is for published sets. */
export interface Source {
  readonly path: string
  readonly name: string
  readonly format: 'csv' | 'jsonl' | 'parquet' | 'tsv'
  readonly gzip: boolean
  /** Of a file that somebody else published: how its rows become ours. */
  readonly layout?: Layout
}

/** What a published file says in another way than the files that users bring. */
export interface Layout {
  /** The domain of every row. */
  readonly domain: string
  /** How the file spells a column of ours (in JSON, a path: `details."Date First Available"`), where not as we do. */
  readonly names: Readonly<Record<string, string>>
  /** Put before every item id, where two domains of a set number their items alike. */
  readonly itemPrefix?: string
  /** The rows are reviews, whose `categories` together are all that is known of an item. */
  readonly tags?: boolean
}

export interface Sources {
  readonly interactions: readonly Source[]
  readonly items: readonly Source[]
}

const NAME = /\.(csv|jsonl|parquet)(\.gz)?$/

/**
 * The files that `inputs` name: files, or folders that hold them, in the order of their names, interactions and items
 * told apart by how the name begins. Throws `input_missing`.
 */
export async function findSources (inputs: readonly string[]): Promise<Sources> {
  const paths = (await Promise.all(inputs.map(expand))).flat()
  return { interactions: named(paths, 'interactions', inputs), items: named(paths, 'items', inputs) }
}

/** Like `findSources`, where items are not needed; a file that is named itself is taken whatever its name. */
export async function findInteractions (inputs: readonly string[]): Promise<readonly Source[]> {
  return await findKind(inputs, 'interactions')
}

/** The same for items alone. */
export async function findItems (inputs: readonly string[]): Promise<readonly Source[]> {
  return await findKind(inputs, 'items')
}

async function findKind (inputs: readonly string[], kind: string): Promise<readonly Source[]> {
  const found = await Promise.all(inputs.map(async (input) => {
    const paths = await expand(input)
    return paths[0] === input ? [sourceOf(input)] : named(paths, kind, [input])
  }))
  return found.flat()
}

function named (paths: readonly string[], kind: string, inputs: readonly string[]): Source[] {
  const sources = paths.filter((path) => basename(path).startsWith(kind)).map(sourceOf)
  if (sources.length > 0) return sources
  throw new IsthmusError('input_missing', `no ${kind}.csv, .jsonl or .parquet (csv and jsonl also .gz) in the input`, {
    place: { file: inputs.join(', ') },
  })
}

/** What the name of a data file says. Throws `input_unreadable` for a name that says nothing we read. */
export function sourceOf (path: string): Source {
  const [, format, gz] = NAME.exec(path) ?? []
  if (format === undefined || (format === 'parquet' && gz !== undefined)) {
    throw new IsthmusError('input_unreadable', `${basename(path)}: only .csv, .jsonl (both also .gz) and .parquet are read`, {
      place: { file: path },
    })
  }
  return { path, name: basename(path), format: format as Source['format'], gzip: gz !== undefined }
}

/** A folder's data files, sorted; a file itself. */
async function expand (input: string): Promise<string[]> {
  const info = await stat(input).catch((cause: unknown) => {
    throw new IsthmusError('input_missing', `${input} does not exist`, { cause, place: { file: input } })
  })
  if (!info.isDirectory()) return [input]
  return (await readdir(input)).filter((name) => NAME.test(name)).sort().map((name) => join(input, name))
}
