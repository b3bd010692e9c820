import { IsthmusError } from '../../errors.ts'
import { type Clock, NO_STAMP, stamp, timeOf } from '../clock.ts'
import type { Outbox } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { bytesOf, floatsOf, type ItemFacts, registerKey } from '../register.ts'
import type { ItemChange, ItemStore, StoredItem } from '../stores.ts'
import type { Tables } from './environment.ts'
import type { Writer } from './writer.ts'

/** Where the changes of one id stand: its latest put, unless it was deleted since, and a deletion a domain. */
interface Entry {
  readonly put?: number
  readonly deletions: Readonly<Record<string, number>>
  /** Of the latest change; absent in what the first format wrote. */
  readonly stamp?: string
}

export interface Items extends ItemStore {
  /** What is known of an id and since when; undefined where nothing is. */
  facts: (itemId: string) => { stamp: string, facts: ItemFacts } | undefined
  /** Inside a transaction: takes what another instance knows, unless what is here is later. True if taken. */
  merge: (itemId: string, stamp: string, facts: ItemFacts) => boolean
}

export interface ItemsDeps {
  readonly tables: Tables
  readonly writer: Writer
  readonly outbox: Outbox
  readonly clock: Clock
  readonly instance: string
}

/** Items on disk. Only the latest change of an item and domain is kept, under a number that only grows. */
export function createItems ({ tables, writer, outbox, clock, instance }: ItemsDeps): Items {
  const [last = 0] = tables.changes.getKeys({ reverse: true, limit: 1 })
  let next = last + 1

  function write (itemId: string, old: Entry, { item, hidden }: ItemFacts, at: string): void {
    if (old.put !== undefined) tables.changes.removeSync(old.put)
    const deletions: Record<string, number> = {}
    for (const domain of new Set([...Object.keys(old.deletions), ...hidden])) {
      const known = old.deletions[domain]
      if (known !== undefined && hidden.includes(domain)) deletions[domain] = known
      else if (known !== undefined) tables.changes.removeSync(known)
      else tables.changes.putSync(deletions[domain] = next++, encodeRecord({ kind: 'delete', itemId, domain }))
    }
    const entry: Entry = { deletions, stamp: at }
    if (item === undefined) tables.items.putSync(itemId, encodeRecord(entry))
    else {
      tables.changes.putSync(next, encodeChange(item))
      tables.items.putSync(itemId, encodeRecord({ ...entry, put: next++ } satisfies Entry))
    }
  }

  function change (itemId: string, old: Entry, facts: ItemFacts): void {
    write(itemId, old, facts, stamp(clock.next(timeOf(old.stamp)), instance))
    outbox.mark(registerKey('item', itemId))
  }

  function put (items: readonly StoredItem[]): void {
    const domains = new Map<string, string>()
    for (const { itemId, domain } of items) {
      const known = domains.get(itemId) ?? readPut(tables, readEntry(tables, itemId))?.domain
      if (known !== undefined && known !== domain) {
        throw new IsthmusError('item_in_two_domains', 'the item belongs to another domain')
      }
      domains.set(itemId, domain)
    }
    for (const item of items) {
      const old = readEntry(tables, item.itemId)
      change(item.itemId, old, { item, hidden: Object.keys(old.deletions).filter((domain) => domain !== item.domain) })
    }
  }

  function remove (itemId: string, domain: string): boolean {
    const old = readEntry(tables, itemId)
    // Deleted again, it is the latest change again.
    const { [domain]: hidden, ...others } = old.deletions
    if (hidden !== undefined) tables.changes.removeSync(hidden)
    change(itemId, { ...old, deletions: others }, { hidden: [...Object.keys(others), domain] })
    return old.put !== undefined
  }

  return {
    putItems: async (items) => await writer.write(() => put(items), items.reduce((sum, item) => sum + sizeOf(item), 0)),
    getItem: (itemId) => readPut(tables, readEntry(tables, itemId)),
    deleteItem: async (itemId, domain) => await writer.write(() => remove(itemId, domain), 512),
    * changes () {
      // Without a snapshot: an engine takes its time over this, and lmdb could reuse nothing meanwhile.
      for (const { value } of tables.changes.getRange({ snapshot: false })) yield decodeChange(value)
    },

    facts (itemId) {
      if (tables.items.get(itemId) === undefined) return undefined
      const entry = readEntry(tables, itemId)
      const item = readPut(tables, entry)
      return {
        stamp: entry.stamp ?? NO_STAMP,
        facts: { hidden: Object.keys(entry.deletions), ...(item === undefined ? {} : { item }) },
      }
    },

    merge (itemId, at, facts) {
      const known = tables.items.get(itemId) !== undefined
      const old = readEntry(tables, itemId)
      if (known && (old.stamp ?? NO_STAMP) >= at) return false
      write(itemId, old, facts, at)
      return true
    },
  }
}

function readEntry (tables: Tables, itemId: string): Entry {
  const record = tables.items.get(itemId)
  // encodeRecord was given an Entry, and its checksum holds.
  return record === undefined ? { deletions: {} } : decodeRecord(record).value as Entry
}

function readPut (tables: Tables, { put }: Entry): StoredItem | undefined {
  const record = put === undefined ? undefined : tables.changes.get(put)
  const change = record === undefined ? undefined : decodeChange(record)
  return change?.kind === 'put' ? change.item : undefined
}

function encodeChange ({ embedding, ...item }: StoredItem): Buffer {
  return encodeRecord({ kind: 'put', item }, embedding && bytesOf(embedding))
}

function decodeChange (record: Buffer): ItemChange {
  const { value, tail } = decodeRecord(record)
  // encodeRecord was given an ItemChange less its embedding, and its checksum holds.
  const change = value as ItemChange
  if (change.kind === 'delete' || tail.length === 0) return change
  return { kind: 'put', item: { ...change.item, embedding: floatsOf(tail) } }
}

function sizeOf ({ embedding, title, description }: StoredItem): number {
  return 1024 + (embedding?.byteLength ?? 0) + (title?.length ?? 0) + (description?.length ?? 0)
}
