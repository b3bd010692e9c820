import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson, sha256, sha256File } from '../files/hash.ts'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { refuseBadShare } from './bad-rows.ts'
import type { BadRow, BadRows } from './bad-rows.ts'
import { buildCandidates } from './candidates.ts'
import { PREPARE, writeDataset } from './dataset-files.ts'
import { DEFAULT_LIMITS, openDatabase, stopped } from './duckdb.ts'
import type { Database, DatabaseLimits } from './duckdb.ts'
import { stageEvents } from './events.ts'
import { stageItems } from './items.ts'
import type { PrepareSettings } from './prepare-settings.ts'
import { keepDescribed, keepOneDomain } from './published/filters.ts'
import { findPublished } from './published/find.ts'
import { publishedSet } from './published/sets.ts'
import type { PublishedSet } from './published/sets.ts'
import { buildSequences } from './sequences.ts'
import { findSources } from './sources.ts'
import type { Sources } from './sources.ts'
import { statistics } from './statistics.ts'
import { restrict, thinOverlap } from './vary.ts'

export interface PrepareOptions {
  /** Files, or folders with `interactions*` and `items*`; with a `source`, with that set's files somewhere below. */
  readonly inputs: readonly string[]
  readonly out: string
  readonly settings: PrepareSettings
  readonly limits?: DatabaseLimits
  /** Told of each bad row that is named, before the step stops or goes on. */
  readonly onBadRow?: (row: BadRow) => void
  /** Told twice a second how far the work is: `done` of `STAGES`, which stage, and the share of its query (0 to 1). */
  readonly onProgress?: (done: number, stage: string, share: number) => void
  /** Aborted: `interrupted` is thrown, and `out` is as it was. */
  readonly signal?: AbortSignal
}

/** What the step does, in this order. */
export const STAGES = [
  'checking what is there', 'reading interactions', 'reading items', 'filtering and ordering', 'drawing candidates', 'writing',
] as const

const PROGRESS_MS = 500

/**
 * The step `prepare`: from the files that users bring to a dataset directory, or nothing to do where that directory
 * is already made from the same bytes and settings. Errors: those of `findSources`, `stageEvents`, `stageItems`,
 * `buildSequences`, `too_many_bad_rows`.
 */
export async function prepare (options: PrepareOptions): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const { inputs, out, settings } = options
  const set = settings.source === undefined ? undefined : publishedSet(settings.source)
  const sources = await (set === undefined ? findSources(inputs) : findPublished(set, inputs, settings.domains))
  const dir = inputs.length === 1 ? inputs[0]! : dirname(inputs[0]!)
  const hashes = await hashSources(sources)
  const plan = {
    step: PREPARE, input: { dir, digest: sha256(canonicalJson(hashes)) }, settings: { ...settings },
  }
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, PREPARE), skipped: true }

  const manifest = await writeStep(out, plan, async (target) => {
    const work = join(target, '.work')
    await mkdir(work)
    const db = await openDatabase(work, options.limits ?? DEFAULT_LIMITS, options.signal)
    try {
      return { inputs: hashes, ...(set && { nouns: nounsOf(set) }), ...await makeDataset(db, sources, target, options) }
    } finally {
      db.close()
      await rm(work, { recursive: true, force: true })
    }
  })
  return { manifest, skipped: false }
}

async function makeDataset (
  db: Database, sources: Sources, target: string, { settings, onBadRow, onProgress, signal }: PrepareOptions
): Promise<Record<string, unknown>> {
  const accept = (kind: string, bad: BadRows): void => {
    for (const row of bad.first) onBadRow?.(row)
    refuseBadShare(kind, bad, settings.maxBadShare)
  }
  let done = 0
  const tell = (): void => onProgress?.(done, STAGES[done]!, Math.max(0, db.progress()))
  const timer = setInterval(tell, PROGRESS_MS)
  const stage = (next: typeof STAGES[number]): void => {
    done = STAGES.indexOf(next)
    tell()
  }
  try {
    stage('reading interactions')
    const { after, before, ratingAbove, textRequired } = settings
    const interactions = await stageEvents(db, sources.interactions, {
      ratings: ratingAbove !== undefined,
      ...(after !== undefined && { after }),
      ...(before !== undefined && { before }),
      ...(ratingAbove !== undefined && { ratingAbove }),
    })
    accept('interactions', interactions.bad)
    const inAnotherDomain = settings.source === undefined ? 0 : await keepOneDomain(db)
    stage('reading items')
    const items = await stageItems(db, sources.items)
    accept('items', items)
    const withoutText = textRequired === true ? await keepDescribed(db) : 0
    stage('filtering and ordering')
    const { sequences: all, rounds, leftOut } = await buildSequences(db, settings)
    const restricted = restrict(all, settings)
    stage('drawing candidates')
    const candidates = buildCandidates(restricted, settings.seed)
    const sequences = thinOverlap(restricted, settings)
    stage('writing')
    if (signal?.aborted === true) throw stopped()
    return {
      ...await writeDataset(target, { ...sequences, candidates }),
      badRows: { interactions: interactions.bad, items },
      timestamps: interactions.units,
      kCoreRounds: rounds,
      leftOut,
      notTaken: {
        outsideWindow: interactions.outsideWindow, ratedTooLow: interactions.ratedTooLow, inAnotherDomain, withoutText,
      },
      statistics: statistics(sequences),
    }
  } finally {
    clearInterval(timer)
  }
}

function nounsOf ({ domains }: PublishedSet): Record<string, string> {
  return Object.fromEntries(domains.map(({ name, noun }) => [name, noun]))
}

/** Names and hashes, not paths: the same files elsewhere are the same input. */
async function hashSources (sources: Sources): Promise<{ name: string, sha256: string }[]> {
  const hashes = []
  const files = new Map([...sources.interactions, ...sources.items].map(({ name, path }) => [path, name]))
  for (const [path, name] of files) hashes.push({ name, sha256: await sha256File(path) })
  return hashes
}
