import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { takeItemLines } from '../../src/serve/item-lines.ts'
import { checker } from '../../src/serve/schema-check.ts'
import { type ItemBody, ItemSchema } from '../../src/serve/schemas.ts'

it('takes lines with embeddings in large groups, and those whose text is to be embedded in small ones', async () => {
  const groups: number[] = []
  const put = async (lines: readonly object[]): Promise<number> => {
    const result = await takeItemLines(Readable.from([Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))]), {
      parse: JSON.parse,
      isItem: checker<ItemBody>(ItemSchema),
      rules: { domains: ['sport'], newDomains: 'off', embedder: { id: 'e', width: 3 } },
      async put (items) {
        groups.push(items.length)
        return []
      },
    })
    return result.accepted
  }
  const item = (i: number) => ({ itemId: `i${i}`, domain: 'sport', title: 't' })
  const given = (i: number) => ({ ...item(i), embedding: [1, 2, i + 1], embeddingModel: 'e' })
  expect(await put(Array.from({ length: 300 }, (_, i) => given(i)))).toBe(300)
  expect(groups.splice(0)).toEqual([256, 44])
  expect(await put(Array.from({ length: 70 }, (_, i) => item(i)))).toBe(70)
  expect(groups.splice(0)).toEqual([32, 32, 6])
  const others = Array.from({ length: 10 }, (_, i) => given(i + 50))
  const both = [...Array.from({ length: 31 }, (_, i) => item(i)), ...others]
  expect(await put(both)).toBe(41)
  expect(groups.splice(0)).toEqual([39, 2])
})
