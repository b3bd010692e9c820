import { expect, it } from 'vitest'
import { slotOf, spreadTags } from '../../../src/state/redis/slots.ts'

it('the slot of a key is that of the Redis Cluster specification', () => {
  // Its example of the checksum, and what CLUSTER KEYSLOT says.
  expect([slotOf('123456789'), slotOf('foo'), slotOf('')]).toEqual([0x31c3, 12_182, 0])
})

it('tags that are spread lie in one part of the slots each, the same every time', () => {
  const tags = spreadTags('shop.index', 6)
  expect(tags.map((tag) => Math.floor(slotOf(tag) * 6 / 16_384))).toEqual([0, 1, 2, 3, 4, 5])
  expect(spreadTags('shop.index', 6)).toEqual(tags)
})
