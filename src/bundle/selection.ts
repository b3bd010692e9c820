import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { IsthmusError } from '../errors.ts'
import { writeFileAtomic } from '../files/write.ts'
import { VERSION_PATTERN } from './layout.ts'
import { CURRENT_FILE, readPointer } from './pointer.ts'
import { readPlain } from './read-plain.ts'

/** What CURRENT named before. */
export const PREVIOUS_FILE = 'PREVIOUS'
/** The versions that take a part of the users from CURRENT's. */
export const TRAFFIC_FILE = 'TRAFFIC.json'

const MOST_TRAFFIC_BYTES = 16 * 1024

const closed = { additionalProperties: false }

/** A version that gets a part of the users; the name stands in answers, and in labels of metrics. */
export const VariantSchema = Type.Object({
  variant: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  version: Type.String({ pattern: VERSION_PATTERN }),
  weight: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Its part of all users.' }),
}, closed)

/** What is left to the version that CURRENT names goes by this name while users are split. */
export const LEAD_VARIANT = 'control'

/** Each costs the memory of a model, and makes its own series of each metric that names it. */
export const MAX_VARIANTS = 4

const TrafficSchema = Type.Object({ variants: Type.Array(VariantSchema, { maxItems: MAX_VARIANTS }) }, closed)

export type Variant = Static<typeof VariantSchema>

/** What is to answer: one version, and those that take their parts of its users. */
export interface Selection {
  readonly version: string
  readonly variants: readonly Variant[]
}

/**
 * What a root selects; a variant that CURRENT names by now says nothing. Fails as `readPointer`, and with
 * `artefact_invalid` where the traffic cannot be read.
 */
export async function readSelection (root: string): Promise<Selection> {
  const version = await readPointer(join(root, CURRENT_FILE))
  const file = join(root, TRAFFIC_FILE)
  const text = await orAbsent(readPlain(file, MOST_TRAFFIC_BYTES))
  const variants = text === undefined ? [] : parseTraffic(text.toString('utf8'), file)
  return { version, variants: variants.filter((one) => one.version !== version) }
}

/** Changes whenever somebody writes the selection, be it the same again: what a watcher compares. Never fails. */
export async function selectionMark (root: string): Promise<string> {
  const marks = await Promise.all([CURRENT_FILE, TRAFFIC_FILE].map(async (name) => {
    const found = await stat(join(root, name)).catch(() => undefined)
    return found === undefined ? '-' : `${found.ino}.${found.mtimeMs}.${found.size}`
  }))
  return marks.join(' ')
}

/** What CURRENT named before; undefined where nobody wrote it down. */
export async function readPrevious (root: string): Promise<string | undefined> {
  return await orAbsent(readPointer(join(root, PREVIOUS_FILE)))
}

/** Makes CURRENT name a version, and PREVIOUS what it named. */
export async function pointTo (root: string, version: string): Promise<void> {
  const current = await orUnknown(readPointer(join(root, CURRENT_FILE)))
  if (current === version) return
  if (current !== undefined) await writeFileAtomic(join(root, PREVIOUS_FILE), `${current}\n`)
  await writeFileAtomic(join(root, CURRENT_FILE), `${version}\n`)
}

/** Selects. Each file is whole at every moment; between the two, the new variants take users from the old version. */
export async function writeSelection (root: string, { version, variants }: Selection): Promise<void> {
  const old = await orUnknown(readSelection(root))
  if (variants.length > 0 || old === undefined || old.variants.length > 0) {
    await writeFileAtomic(join(root, TRAFFIC_FILE), `${JSON.stringify({ variants }, null, 2)}\n`)
  }
  await pointTo(root, version)
}

function parseTraffic (text: string, file: string): Variant[] {
  const invalid = (what: string, cause?: unknown): IsthmusError =>
    new IsthmusError('artefact_invalid', `${file} ${what}`, { place: { file }, cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('is not JSON', cause)
  }
  if (!Value.Check(TrafficSchema, value)) throw invalid('is no list of variants')
  const fault = variantFault(value.variants)
  if (fault !== undefined) throw invalid(fault)
  return value.variants
}

/** What a schema cannot say of a split. */
export function variantFault (variants: readonly Variant[]): string | undefined {
  const names = variants.map(({ variant }) => variant)
  if (new Set(names).size < names.length || names.includes(LEAD_VARIANT)) return 'names a variant twice'
  if (new Set(variants.map(({ version }) => version)).size < variants.length) return 'names a version twice'
  return variants.reduce((sum, { weight }) => sum + weight, 0) < 1 ? undefined : 'leaves no user to the lead'
}

async function orAbsent<T> (work: Promise<T>): Promise<T | undefined> {
  return await unless(work, ({ code }) => code === 'artefact_missing')
}

/** What cannot be read does not keep anybody from writing it anew. */
async function orUnknown<T> (work: Promise<T>): Promise<T | undefined> {
  return await unless(work, () => true)
}

async function unless<T> (work: Promise<T>, isExpected: (error: IsthmusError) => boolean): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof IsthmusError && isExpected(error)) return undefined
    throw error
  }
}
