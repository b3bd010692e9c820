import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from '../../src/state/record.ts'

describe('a record', () => {
  it('comes back with its bytes', () => {
    const record = encodeRecord({ title: 'é \u0000 漢' }, Uint8Array.of(1, 2, 255))
    expect(decodeRecord(record)).toEqual({ value: { title: 'é \u0000 漢' }, tail: Buffer.from([1, 2, 255]) })
  })

  it('is refused when any of its bits was turned, or its end is missing', () => {
    const record = encodeRecord([['item', 1]], Uint8Array.of(7))
    for (let byte = 0; byte < record.length; byte++) {
      const damaged = Buffer.from(record)
      damaged[byte]! ^= 1 << (byte % 8)
      expect(() => decodeRecord(damaged)).toThrow(expect.objectContaining({ code: 'store_corrupt' }))
      expect(() => decodeRecord(record.subarray(0, byte))).toThrow(expect.objectContaining({ code: 'store_corrupt' }))
    }
  })
})
