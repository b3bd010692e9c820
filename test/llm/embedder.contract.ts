import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TextEmbedder } from '../../src/llm/embedder.ts'

const TEXTS = [
  'trail running shoes', 'a', 'Curry paste, 400 g, très fort ❤️', 'trail running shoes', '"quoted"\nand on a second line',
  'a much longer text about a merino base layer that is worn under a jacket on cold days in the hills',
]

/** What every TextEmbedder keeps to, whatever it is made of. */
export function embedderContract (name: string, open: () => Promise<TextEmbedder>): void {
  describe(`${name} as a text embedder`, () => {
    let embedder: TextEmbedder
    beforeAll(async () => { embedder = await open() })
    afterAll(async () => await embedder.close())

    const rowOf = (rows: Float32Array, row: number): Float32Array =>
      rows.subarray(row * embedder.width, (row + 1) * embedder.width)

    it('gives one finite row per text', async () => {
      const rows = await embedder.embed(TEXTS)
      expect(rows).toBeInstanceOf(Float32Array)
      expect(rows.length).toBe(TEXTS.length * embedder.width)
      expect(rows.every(Number.isFinite)).toBe(true)
    })

    it('makes a row from its own text alone: one at a time, together, and in another order', async () => {
      const together = await embedder.embed(TEXTS)
      const backwards = await embedder.embed([...TEXTS].reverse())
      for (const [row, text] of TEXTS.entries()) {
        const alone = await embedder.embed([text])
        expect(distance(alone, rowOf(together, row))).toBeLessThan(1e-4)
        expect(distance(rowOf(backwards, TEXTS.length - 1 - row), rowOf(together, row))).toBeLessThan(1e-4)
      }
    })

    it('tells different texts apart', async () => {
      const rows = await embedder.embed(TEXTS)
      expect(distance(rowOf(rows, 0), rowOf(rows, 3))).toBeLessThan(1e-4)
      expect(distance(rowOf(rows, 0), rowOf(rows, 5))).toBeGreaterThan(1e-2)
    })

    it('answers no texts with no rows', async () => {
      expect(await embedder.embed([])).toEqual(new Float32Array(0))
    })

    it('answers calls made at the same time with their own rows', async () => {
      const answers = await Promise.all(TEXTS.map(async (text) => await embedder.embed([text])))
      const together = await embedder.embed(TEXTS)
      for (const [row, alone] of answers.entries()) {
        expect(distance(alone, rowOf(together, row))).toBeLessThan(1e-4)
      }
    })

    it('rejects with the reason of a signal aborted before or after the call', async () => {
      const reason = new Error('the caller has left')
      await expect(embedder.embed(TEXTS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      const controller = new AbortController()
      const asked = embedder.embed(Array.from({ length: 50 }, (_, i) => `text number ${i}`), {
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      })
      controller.abort(reason)
      await asked.then(
        (rows) => expect(rows.length).toBe(50 * embedder.width),
        (error: unknown) => expect(error).toBe(reason)
      )
    })

    it('counts up to the number of texts', async () => {
      const counts: number[] = []
      await embedder.embed(TEXTS, { onProgress: (done) => counts.push(done) })
      expect(counts.at(-1)).toBe(TEXTS.length)
      expect(counts).toEqual([...counts].sort((a, b) => a - b))
    })
  })
}

function distance (a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}
