const SLOTS = 16_384

/** The slot of a Redis Cluster that keys with this hash tag lie in: CRC16 (XMODEM) of the tag. */
export function slotOf (tag: string): number {
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021
    crc &= 0xffff
  }
  return crc % SLOTS
}

/** Hash tags that begin with `prefix`, the i-th in the i-th of `count` equal parts of the slots: on all nodes. */
export function spreadTags (prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    for (let n = 0; ; n++) {
      const tag = `${prefix}${i}.${n}`
      if (Math.floor(slotOf(tag) * count / SLOTS) === i) return tag
    }
  })
}
