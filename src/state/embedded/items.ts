import { IsthmusError } from '../../errors.ts'
import type { ItemChange, ItemStore, StoredItem } from '../stores.ts'
import type { Tables } from './environment.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import type { Writer } from './writer.ts'

/** Where the changes of one id stand: its latest put, unless it was deleted since, and a deletion a domain. */
interface Entry {
  readonly put?: number
  readonly deletions: Readonly<Record<string, number>>
}

/** Items on disk. Only the latest change of an item and domain is kept, under a number that only grows. */
export function createItems (tables: Tables, writer: Writer): ItemStore {
  const [last = 0] = tables.changes.getKeys({ reverse: true, limit: 1 })
  let next = last + 1

  function put (items: readonly StoredItem[]): void {
    const entries = new Map(items.map(({ itemId }) => [itemId, readEntry(tables, itemId)]))
    const domains = new Map<string, string>()
    for (const { itemId, domain } of items) {
      const known = domains.get(itemId) ?? readPut(tables, entries.get(itemId)!)?.domain
      if (known !== undefined && known !== domain) {
        throw new IsthmusError('item_in_two_domains', 'the item belongs to another domain')
      }
      domains.set(itemId, domain)
    }
    for (const item of items) {
      const { put: old, deletions } = entries.get(item.itemId)!
      const { [item.domain]: hidden, ...others } = deletions
      for (const number of [old, hidden]) if (number !== undefined) tables.changes.removeSync(number)
      const number = next++
      tables.changes.putSync(number, encodeItem(item))
      entries.set(item.itemId, { put: number, deletions: others })
    }
    for (const [itemId, entry] of entries) tables.items.putSync(itemId, encodeRecord(entry))
  }

  function remove (itemId: string, domain: string): boolean {
    const { put: old, deletions } = readEntry(tables, itemId)
    if (old !== undefined) tables.changes.removeSync(old)
    if (deletions[domain] !== undefined) tables.changes.removeSync(deletions[domain])
    const number = next++
    tables.changes.putSync(number, encodeRecord({ kind: 'delete', itemId, domain }))
    tables.items.putSync(itemId, encodeRecord({ deletions: { ...deletions, [domain]: number } } satisfies Entry))
    return old !== undefined
  }

  return {
    putItems: async (items) => await writer.write(() => put(items), items.reduce((sum, item) => sum + sizeOf(item), 0)),
    getItem: (itemId) => readPut(tables, readEntry(tables, itemId)),
    deleteItem: async (itemId, domain) => await writer.write(() => remove(itemId, domain), 512),
    * changes () {
      // Without a snapshot: an engine takes its time over this, and lmdb could reuse nothing meanwhile.
      for (const { value } of tables.changes.getRange({ snapshot: false })) yield decodeChange(value)
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

function encodeItem ({ embedding, ...item }: StoredItem): Buffer {
  const bytes = embedding && new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength)
  return encodeRecord({ kind: 'put', item }, bytes)
}

function decodeChange (record: Buffer): ItemChange {
  const { value, tail } = decodeRecord(record)
  // encodeRecord was given an ItemChange less its embedding, and its checksum holds.
  const change = value as ItemChange
  if (change.kind === 'delete' || tail.length === 0) return change
  const embedding = new Float32Array(tail.length / Float32Array.BYTES_PER_ELEMENT)
  new Uint8Array(embedding.buffer).set(tail)
  return { kind: 'put', item: { ...change.item, embedding } }
}

function sizeOf ({ embedding, title, description }: StoredItem): number {
  return 1024 + (embedding?.byteLength ?? 0) + (title?.length ?? 0) + (description?.length ?? 0)
}
