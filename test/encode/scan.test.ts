import { describe, expect, it } from 'vitest'
import { int8Doubt } from '../../src/encode/int8-doubt.ts'
import { openScan, type Scan } from '../../src/encode/scan.ts'
import { createRandom } from '../../src/random.ts'

const ROWS = 400

/** All scores of a query, by row. */
async function scoresOf (scan: Scan, query: Float32Array): Promise<Float32Array> {
  const { scores, columns } = await scan.search(
    query, new Uint8Array(ROWS + 1).fill(1, 0, ROWS), new Float32Array(query.length), ROWS
  )
  const byRow = new Float32Array(ROWS)
  for (const [i, column] of columns.entries()) byRow[column] = scores[i]!
  return byRow
}

describe('a scan', () => {
  it.each([8, 64, 100, 256])('in int8 is no further from the truth than it says, width %d', async (width) => {
    const random = createRandom(width)
    const base = Float32Array.from({ length: ROWS * width }, (_, i) => {
      const row = Math.floor(i / width)
      if (row === 0) return 0
      return row < 3 ? (-1) ** (i * row) : random.normal() * (i % width < 10 ? 5 : 1)
    })
    const scan = await openScan(base, width, { provider: 'cpu', rows: 'int8' })
    let furthest = 0
    for (let q = 0; q < 20; q++) {
      const query = Float32Array.from({ length: width }, (_, i) =>
        q === 0 ? (-1) ** i : random.normal() * (q % 2 === 0 && i > 3 ? 0.01 : 1))
      const found = await scoresOf(scan, query)
      for (let row = 0; row < ROWS; row++) {
        let wanted = 0
        for (let i = 0; i < width; i++) wanted += base[row * width + i]! * query[i]!
        const off = Math.abs(found[row]! - wanted) / scan.slack(query)
        furthest = Math.max(furthest, off)
      }
    }
    expect(furthest).toBeLessThan(1)
    // A bound that nothing comes near would be of no use.
    expect(furthest).toBeGreaterThan(0.02)
    await scan.close()
  })

  it('keeps few rows as they are, and many in int8 where the runtime is not in doubt', async () => {
    const width = 256
    const open = async (rows: number): Promise<Scan> =>
      await openScan(new Float32Array(rows * width).fill(0.5), width, { provider: 'cpu' })
    const [few, many] = [await open(100), await open(2048)]
    expect([few.rows, few.doubt]).toEqual(['float32', undefined])
    const doubt = await int8Doubt('cpu')
    expect([many.rows, many.doubt]).toEqual([doubt === undefined ? 'int8' : 'float32', doubt])
    await few.close()
    await many.close()
  })
})
