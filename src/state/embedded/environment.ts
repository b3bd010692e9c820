import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import type { Database, RootDatabase } from 'lmdb'
import { IsthmusError } from '../../errors.ts'
import { checkFile } from './check-file.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { upgradeFirstFormat } from './upgrade.ts'

/** Raised when an older program could no longer read what this one writes. */
export const STORE_FORMAT = 2

export const STORE_FILE = 'store.mdb'

/** Free bytes that are left on the disk, so that a commit never meets its end half-way. */
const DISK_RESERVE = 1 << 20

type Key = string | number | [number, string]

/** Records by key; values are those of `encodeRecord`. */
export type Table<K extends Key> = Database<Buffer, K>

export interface Tables {
  /** `format`, `instance` (8 hex digits of this store's own) and `position` in the shared log. */
  readonly meta: Table<string>
  /** By userKey: a list of KeptEvent. */
  readonly histories: Table<string>
  /** Tombstones, by userKey: the arrival up to which all is forgotten. */
  readonly erased: Table<string>
  /** By eventId: digest of its body. */
  readonly events: Table<string>
  /** [unix milliseconds from which an event's id is forgotten, eventId]. */
  readonly expiries: Table<[number, string]>
  /** How far each source of histories was read. */
  readonly sources: Table<string>
  /** By itemId: the numbers of its changes. */
  readonly items: Table<string>
  /** By number, in the order of writing: an item with its embedding, or a deletion. */
  readonly changes: Table<number>
  /** By name: the model to serve, and the stamp of that choice. */
  readonly models: Table<string>
  /** What the shared store has not confirmed, by the key of a mark: its number. */
  readonly outbox: Table<string>
}

const TABLES: ReadonlySet<string> = new Set<keyof Tables>([
  'meta', 'histories', 'erased', 'events', 'expiries', 'sources', 'items', 'changes', 'models', 'outbox',
])

export interface Environment {
  readonly tables: Tables
  readonly isNew: boolean
  /** Pages at the end of the file were absent; all that is in use could be read. */
  readonly lacksPages: boolean
  /** One transaction at a time; resolves when it is flushed. What `work` throws undoes it. */
  readonly transact: (work: () => void) => Promise<void>
  /** Throws `store_full` where `bytes` more would not fit on the disk. */
  readonly reserve: (bytes: number) => void
  readonly close: () => Promise<void>
}

/**
 * Opens the lmdb environment in `dir`, making it where absent; the caller holds the lock of `dir`. Throws
 * `store_corrupt` where the file is not a store of ours, or lost a part, `format_unsupported` where it is a later one.
 */
export function openEnvironment (dir: string): Environment {
  const path = join(dir, STORE_FILE)
  const isNew = !existsSync(path)
  const lacksPages = checkFile(path)
  const root = openRoot(path)
  const tables = unlessLost(path, () => {
    const tables = openTables(root, path, lacksPages)
    if (lacksPages) readAll(tables)
    return tables
  })
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  }
  return {
    tables,
    isNew,
    lacksPages,
    transact: async (work) => {
      try {
        await root.childTransaction(work)
      } catch (cause) {
        throw writeError(cause, freeBytes())
      }
    },
    reserve: (bytes) => {
      if (freeBytes() < DISK_RESERVE + 2 * bytes) throw new IsthmusError('store_full', 'the disk of the store is full')
    },
    close: async () => { await root.close() },
  }
}

function openRoot (path: string): RootDatabase<Buffer, string> {
  try {
    // Without overlapping sync a commit is finished when it is on the disk: a write is acknowledged after that.
    return open<Buffer, string>({ path, noSubdir: true, encoding: 'binary', overlappingSync: false, maxDbs: 16 })
  } catch (cause) {
    throw new IsthmusError('store_corrupt', `${path} cannot be opened`, { cause, place: { file: path } })
  }
}

function openTables (root: RootDatabase<Buffer, string>, path: string, lacksPages: boolean): Tables {
  // Before any is opened: that makes those that are not there.
  const names = new Set(root.getKeys())
  for (const name of names) {
    if (TABLES.has(name)) continue
    throw new IsthmusError('store_corrupt', `${path} is a database of another program`, { place: { file: path } })
  }
  const table = <K extends Key>(name: keyof Tables): Table<K> => root.openDB<Buffer, K>(name, { encoding: 'binary' })
  const meta = table<string>('meta')
  const format = readFormat(meta, path)
  // The format is written when all tables are.
  const isWhole = format !== STORE_FORMAT || [...TABLES].every((name) => names.has(name))
  if (!isWhole || (lacksPages && format === undefined)) throw new Error('a table is absent')
  const tables: Tables = {
    meta,
    histories: table('histories'),
    erased: table('erased'),
    events: table('events'),
    expiries: table('expiries'),
    sources: table('sources'),
    items: table('items'),
    changes: table('changes'),
    models: table('models'),
    outbox: table('outbox'),
  }
  if (format !== STORE_FORMAT) {
    root.transactionSync(() => {
      if (format === 1) upgradeFirstFormat(tables)
      meta.putSync('format', encodeRecord(STORE_FORMAT))
    })
  }
  return tables
}

/** 1, STORE_FORMAT, or undefined where the store is new. */
function readFormat (meta: Table<string>, path: string): unknown {
  const record = meta.get('format')
  if (record === undefined) return undefined
  const { value } = decodeRecord(record)
  if (value === 1 || value === STORE_FORMAT) return value
  throw new IsthmusError('format_unsupported', `${path}: this version reads formats up to ${STORE_FORMAT}`, {
    place: { file: path, field: 'format' },
  })
}

/** Throws where a record is not the one written, or the file lost what leads to it. */
function readAll (tables: Tables): void {
  for (const table of Object.values(tables) as Table<string>[]) {
    let read = 0
    for (const { value } of table.getRange()) {
      decodeRecord(value)
      read++
    }
    // What a lost page led to is skipped without a word.
    const { entryCount } = table.getStats() as { readonly entryCount: number }
    if (read !== entryCount) throw new Error(`${read} records of ${entryCount}`)
  }
}

/** Makes a `store_corrupt` of what lmdb, or a record, says of a file that lacks something. */
function unlessLost<T> (path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof IsthmusError && cause.place.file !== undefined) throw cause
    throw new IsthmusError('store_corrupt', `${path} has lost a part`, { cause, place: { file: path } })
  }
}

function writeError (cause: unknown, freeBytes: number): unknown {
  if (cause instanceof IsthmusError) return cause
  // lmdb hangs a second promise on the error of a failed commit; nobody else waits for it.
  if (cause instanceof Error && 'commitError' in cause && cause.commitError instanceof Promise) {
    cause.commitError.catch(() => {})
  }
  return freeBytes < DISK_RESERVE
    ? new IsthmusError('store_full', 'the disk of the store is full', { cause })
    : new IsthmusError('store_unavailable', 'the store could not be written', { cause })
}
