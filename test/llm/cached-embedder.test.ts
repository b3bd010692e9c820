import { appendFile, mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { cachedEmbedder } from '../../src/llm/cached-embedder.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'
import { embedderContract } from './embedder.contract.ts'

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-cache-'))
  folders.push(folder)
  return folder
}
afterAll(async () => { for (const folder of folders) await rm(folder, { recursive: true }) })

embedderContract('cachedEmbedder', async () => await cachedEmbedder(hashEmbedder(), { dir: await newFolder() }))

/** Counts what it is asked for, and breaks off after `limit` texts. */
function counting (limit = Infinity, id?: string): TextEmbedder & { readonly asked: string[] } {
  const inner = hashEmbedder({ width: 8 })
  const asked: string[] = []
  return {
    ...inner,
    id: id ?? inner.id,
    asked,
    async embed (texts, options) {
      if (asked.length + texts.length > limit) throw new Error('the network is down')
      asked.push(...texts)
      return await inner.embed(texts, options)
    },
  }
}

describe('cachedEmbedder', () => {
  let dir = ''
  beforeEach(async () => { dir = await newFolder() })

  const run = async (embedder: TextEmbedder, texts: readonly string[], scope?: string[]): Promise<Float32Array> => {
    const cached = await cachedEmbedder(embedder, { dir, ...(scope && { scope }) })
    return await cached.embed(texts).finally(async () => await cached.close())
  }
  const rowFiles = async (): Promise<string[]> =>
    (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.log')).map((name) => join(dir, name))
  const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`)

  it('asks for each text once, in this process and in the next', async () => {
    const first = counting()
    const rows = await run(first, [...texts, ...texts])
    expect(first.asked).toEqual(texts)
    const second = counting()
    expect(await run(second, [...texts, ...texts])).toEqual(rows)
    expect(second.asked).toEqual([])
  })

  it('asks only for the rest after a run that broke off', async () => {
    await expect(run(counting(512), texts)).rejects.toThrow('the network is down')
    const again = counting()
    const rows = await run(again, texts)
    expect(again.asked).toEqual(texts.slice(512))
    expect(rows).toEqual(await hashEmbedder({ width: 8 }).embed(texts))
  })

  it('calls several times at once where told to, and keeps what was under way when one call failed', async () => {
    const inner = hashEmbedder({ width: 8 })
    const waiting: Array<() => void> = []
    const asked: string[] = []
    const failing: TextEmbedder = {
      ...inner,
      async embed (part, options) {
        asked.push(...part)
        // The first call is the last to end; the second fails while it is under way.
        if (part.includes('text 0')) await new Promise<void>((resolve) => { waiting.push(resolve) })
        if (part.includes('text 300')) {
          waiting[0]!()
          throw new Error('the network is down')
        }
        return await inner.embed(part, options)
      },
    }
    const cached = await cachedEmbedder(failing, { dir, atOnce: 2 })
    await expect(cached.embed(texts)).rejects.toThrow('the network is down')
    await cached.close()
    expect(asked).toEqual(texts.slice(0, 512))

    const again = counting()
    const counts: number[] = []
    const later = await cachedEmbedder(again, { dir, atOnce: 2 })
    expect(await later.embed(texts, { onProgress: (done) => counts.push(done) })).toEqual(await inner.embed(texts))
    await later.close()
    expect(again.asked).toEqual(texts.slice(256))
    expect([counts[0], counts.at(-1)]).toEqual([256, 600])
  })

  it('keeps embedders and scopes apart', async () => {
    await run(counting(), ['a', 'b'], ['item-product/1'])
    for (const [embedder, scope] of [
      [counting(Infinity, 'other/8'), ['item-product/1']], [counting(), ['item-product/2']], [counting(), undefined],
    ] as const) {
      await run(embedder, ['a', 'b'], scope && [...scope])
      expect(embedder.asked).toEqual(['a', 'b'])
    }
    // No two of these keys may run together.
    const joined = counting()
    await run(joined, ['c'], ['ab', ''])
    await run(joined, ['c'], ['a', 'b'])
    expect(joined.asked).toEqual(['c', 'c'])
  })

  it('drops a record that a crash cut short, and keeps those before it', async () => {
    await run(counting(), ['a', 'b', 'c'])
    const [file = ''] = await rowFiles()
    await truncate(file, (await stat(file)).size - 5)
    const again = counting()
    expect(await run(again, ['a', 'b', 'c'])).toEqual(await hashEmbedder({ width: 8 }).embed(['a', 'b', 'c']))
    expect(again.asked).toEqual(['c'])
    const later = counting()
    await run(later, ['a', 'b', 'c'])
    expect(later.asked).toEqual([])
  })

  it('drops a record whose bytes have changed, and what is no record at all', async () => {
    await run(counting(), ['a', 'b', 'c'])
    const [file = ''] = await rowFiles()
    const record = (await stat(file)).size / 3
    const handle = await open(file, 'r+')
    await handle.write(Buffer.from([0xff, 0xff]), 0, 2, record + 40)
    await handle.close()
    await appendFile(file, Buffer.alloc(record * 2))
    const again = counting()
    await run(again, ['a', 'b', 'c'])
    expect(again.asked).toEqual(['b'])
  })

  it('shares a folder between writers that are open at the same time', async () => {
    const open = async (): Promise<TextEmbedder> => await cachedEmbedder(counting(), { dir })
    const both = [await open(), await open()]
    await Promise.all(both.flatMap((cached, i) =>
      texts.slice(0, 40).map(async (text) => await cached.embed([`${text} of ${i}`, text]))))
    await Promise.all(both.map(async (cached) => await cached.close()))

    const later = counting()
    const all = texts.slice(0, 40).flatMap((text) => [`${text} of 0`, `${text} of 1`, text])
    expect(await run(later, all)).toEqual(await hashEmbedder({ width: 8 }).embed(all))
    expect(later.asked).toEqual([])
  })

  it('reports what it knows before it asks for the rest', async () => {
    await run(counting(), texts.slice(0, 100))
    const counts: number[] = []
    const cached = await cachedEmbedder(counting(), { dir })
    await cached.embed(texts, { onProgress: (done) => counts.push(done) })
    await cached.close()
    expect([counts[0], counts.at(-1)]).toEqual([100, 600])
  })
})
