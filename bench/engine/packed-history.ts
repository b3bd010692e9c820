import type { HistoryEntry } from '../../src/state/stores.ts'

/** Items and times in one binary value: a time as a double, the length of an id as a byte, and the id. */
export function packHistory (
  events: ReadonlyArray<readonly [itemId: string, timestamp: number, ...rest: unknown[]]>
): Buffer {
  return Buffer.concat(events.map(([itemId, timestamp]) => {
    const bytes = Buffer.alloc(9 + itemId.length)
    bytes.writeDoubleLE(timestamp, 0)
    bytes.writeUInt8(itemId.length, 8)
    bytes.write(itemId, 9, 'latin1')
    return bytes
  }))
}

export function unpackHistory (bytes: Buffer): HistoryEntry[] {
  const entries: HistoryEntry[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 9 + bytes[at + 8]!
    entries.push({ itemId: bytes.toString('latin1', at + 9, end), timestamp: bytes.readDoubleLE(at) })
    at = end
  }
  return entries
}
