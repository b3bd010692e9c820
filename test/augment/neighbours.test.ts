import { describe, expect, it } from 'vitest'
import { nearestItems } from '../../src/augment/neighbours.ts'
import { rowDot, unitRows } from '../../src/numeric/cosine.ts'
import { createRandom } from '../../src/random.ts'

const WIDTH = 3
const random = createRandom(2)
const texts = { rows: unitRows(Float32Array.from({ length: 30 * WIDTH }, () => random.normal()), WIDTH), width: WIDTH }
const domain = { name: 'B', offset: 12, size: 18 }

describe('the nearest items of a domain', () => {
  it('are those of its own with the largest cosines, best first', async () => {
    const asked = { rows: texts.rows.subarray(0, 7 * WIDTH), width: WIDTH }
    const counts: number[] = []
    const found = await nearestItems(asked, texts, domain, 5, { onProgress: (done) => counts.push(done) })
    expect(found).toHaveLength(7)
    expect(counts).toEqual([4, 7])
    for (const [row, near] of found.entries()) {
      const all = Array.from({ length: domain.size }, (_, i) => domain.offset + 1 + i)
        .map((id) => ({ id, cosine: rowDot(texts.rows, row, texts.rows, id - 1, WIDTH) }))
        .sort((a, b) => b.cosine - a.cosine)
      expect(near.map(({ id }) => id)).toEqual(all.slice(0, 5).map(({ id }) => id))
    }
  })

  it('have the lower id first where two are as near, and are all where more are asked for', async () => {
    const same = { rows: Float32Array.of(1, 0, 0, 1, 1, 0), width: 2 }
    const [near] = await nearestItems({ rows: Float32Array.of(1, 0), width: 2 }, same, { name: 'A', offset: 0, size: 3 }, 9)
    expect(near).toEqual([{ id: 1, cosine: 1 }, { id: 3, cosine: 1 }, { id: 2, cosine: 0 }])
  })

  it('reject with the reason of an aborted signal', async () => {
    const signal = AbortSignal.abort(new Error('left'))
    await expect(nearestItems(texts, texts, domain, 1, { signal })).rejects.toThrow('left')
  })
})
