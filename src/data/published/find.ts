import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { IsthmusError } from '../../errors.ts'
import type { Source, Sources } from '../sources.ts'
import type { PublishedFile } from './layouts.ts'
import type { PublishedSet } from './sets.ts'

/**
 * The files of a published set below the folders `inputs`, or among the files they name, and of those `domains` only;
 * of a file that is there both whole and compressed, the whole. Throws `input_missing`, naming every file wanted and
 * what it is of, and `config_invalid` for a domain that the set does not have.
 */
export async function findPublished (
  set: PublishedSet, inputs: readonly string[], domains?: readonly string[]
): Promise<Sources> {
  const stray = domains?.find((wanted) => !set.domains.some(({ name }) => name === wanted))
  if (stray !== undefined) {
    throw new IsthmusError('config_invalid', `domains: ${set.name} has no domain "${stray}"`, { place: { field: 'domains' } })
  }
  const paths = new Map((await Promise.all(inputs.map(filesBelow))).flat().map((path) => [basename(path), path]))
  const parts = set.domains.filter(({ name }) => domains?.includes(name) !== false)
  const wanted = parts.flatMap(({ name: domain, files }) =>
    files.map((file) => ({ domain, file, path: pick(paths, file) })))
  const missing = wanted.filter(({ path }) => path === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ domain, file }) => `${file.names.join(' or ')} (or .gz), the ${file.what} of ${domain}`)
    throw new IsthmusError('input_missing',
      `${set.name} needs files that are not in ${inputs.join(', ')}: ${names.join('; ')}. They are at ${set.origin}`, {
        place: { file: missing[0]!.file.names[0]! },
      })
  }
  const found = wanted.map(({ file, path }) => ({ what: file.what, source: sourceOf(path!, file) }))
  const of = (kind: PublishedFile['what']): Source[] => found.filter(({ what }) => what === kind).map(({ source }) => source)
  return { interactions: of('reviews'), items: of('items') }
}

function pick (paths: ReadonlyMap<string, string>, { names }: PublishedFile): string | undefined {
  return names.flatMap((name) => [name, `${name}.gz`]).map((name) => paths.get(name)).find((path) => path !== undefined)
}

function sourceOf (path: string, { format, layout }: PublishedFile): Source {
  return { path, name: basename(path), format, gzip: path.endsWith('.gz'), layout }
}

async function filesBelow (input: string): Promise<string[]> {
  const info = await stat(input).catch((cause: unknown) => {
    throw new IsthmusError('input_missing', `${input} does not exist`, { cause, place: { file: input } })
  })
  if (!info.isDirectory()) return [input]
  return (await readdir(input, { recursive: true })).sort().map((name) => join(input, name))
}
