import { describe, expect, it } from 'vitest'
import type { DomainCatalogue, Place } from '../../src/recommend/catalogue.ts'
import { explain } from '../../src/recommend/explain.ts'
import { createVectorTable } from '../../src/retrieve/vector-table.ts'

const vectors = createVectorTable(Float32Array.of(1, 0, 0, 1, 0.6, 0.8), 2)
const domain = {
  name: 'sport', items: ['a', 'b', 'c'].map((itemId) => ({ itemId, posted: false })), index: { vectors },
} as unknown as DomainCatalogue
const [a, b, c] = [0, 1, 2].map((row): Place => ({ domain, row }))

/** The sum of a window's vectors, times `factor`: what is known of a user. */
type Encode = (windows: ReadonlyArray<readonly Place[]>) => Promise<Float32Array>
const encoder = (factor: number, seen: number[]): Encode => async (windows) => {
  seen.push(windows.length)
  return Float32Array.from(windows.flatMap((window) => [0, 1].map((i) =>
    factor * window.reduce((sum, { row }) => sum + vectors.vector(row)[i]!, 0))))
}

describe('an explanation', () => {
  it('says what the local thread adds where both threads read the same vectors', async () => {
    const [answer, text] = await explain([
      { user: Float32Array.of(3, 3), window: [a!, b!], items: [{ itemId: 'c', domain: 'sport', score: 4.2, rank: 1 }] },
      { user: Float32Array.of(1, 0), window: [], items: [{ itemId: 'a', domain: 'sport', score: 1, rank: 1 }] },
    ], {
      domain,
      globalWidth: 2,
      localWidth: 0,
      threads: ['global', 'local'],
      encode: encoder(3, []),
      encodeGlobal: encoder(2, []),
      placeOf: (itemId) => itemId === 'a' ? a! : c!,
    })
    expect(answer!.items[0]!.parts).toEqual({ global: expect.closeTo(2.8, 5), local: expect.closeTo(1.4, 5) })
    expect(answer!.items[0]!.weighed).toMatchObject([
      { itemId: 'b', weight: expect.closeTo(2.4, 5) }, { itemId: 'a', weight: expect.closeTo(1.8, 5) },
    ])
    expect(text!.items[0]!.parts).toEqual({ global: 1, local: 0 })
  })

  it('encodes all windows that differ together, in runs of 64, and leaves out the latest 50 items at most', async () => {
    const seen: number[] = []
    const many = Array.from({ length: 70 }, (_, i): Place => ({
      domain: { ...domain, name: i % 2 === 0 ? 'sport' : 'cloth' } as DomainCatalogue, row: i % 3,
    }))
    const [answer] = await explain([{ user: Float32Array.of(1, 1), window: many, items: [] }], {
      domain, globalWidth: 1, localWidth: 1, threads: ['global', 'local'], encode: encoder(1, seen), encodeGlobal: encoder(1, []), placeOf: () => a!,
    })
    expect(answer!.explanation).toEqual({ threads: ['global', 'local'], leftOut: 50 })
    expect(seen).toEqual([50 + 2])
  })
})
