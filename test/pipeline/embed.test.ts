import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openDataset, PREPARE, writeDataset } from '../../src/data/dataset-files.ts'
import type { Item } from '../../src/data/dataset.ts'
import { writeStep } from '../../src/files/step.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { createEstimate } from '../../src/llm/dry-run.ts'
import { itemPrompt, itemText } from '../../src/llm/item-prompt.ts'
import { dryEmbed, embed, openEmbeddings } from '../../src/pipeline/embed.ts'
import type { EmbedderChoice } from '../../src/pipeline/embedder-choice.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'

const WIDTH = 16
const folders: string[] = []
afterAll(async () => { for (const folder of folders) await rm(folder, { recursive: true }) })

/** 900 titled shoes and 100 films, of which the last has nothing but its id. */
const ITEMS: Item[] = Array.from({ length: 1_000 }, (_, i) => i < 900
  ? { itemId: `shoe-${i}`, domain: 'sport', title: `running shoe number ${i}` }
  : { itemId: `film-${i}`, domain: 'movie', ...(i < 999 && { title: `a film about ${i}` }) })

async function writeItems (dir: string, items: readonly Item[], fields: object = {}): Promise<void> {
  await writeStep(dir, { step: PREPARE, settings: {} }, async (target) => ({
    ...fields,
    ...await writeDataset(target, {
      domains: [{ name: 'sport', offset: 0, size: 900 }, { name: 'movie', offset: 900, size: 100 }],
      items,
      users: [],
      offsets: new Uint32Array(1),
      events: new Int32Array(0),
      times: new Float64Array(0),
      candidates: { seed: 0, digest: '', valid: new Int32Array(0), test: new Int32Array(0) },
    })
  }))
}

/** Counts the texts it is asked for, and calls `onCall` before each call. */
function counting (asked: string[], onCall: (call: number) => void = () => {}): EmbedderChoice {
  const inner = hashEmbedder({ width: WIDTH })
  let calls = 0
  const embedder: TextEmbedder = {
    ...inner,
    async embed (texts, options) {
      onCall(++calls)
      options?.signal?.throwIfAborted()
      asked.push(...texts)
      return await inner.embed(texts, options)
    },
  }
  return { id: inner.id, width: WIDTH, scope: [], atOnce: 1, open: async () => embedder }
}

describe('embed', () => {
  let input = ''
  let out = ''
  let cache = ''
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-embed-'))
    folders.push(folder)
    input = join(folder, 'dataset')
    out = join(folder, 'embeddings')
    cache = join(folder, 'cache')
    await writeItems(input, ITEMS)
  })

  it('leaves one row per item, in the order of the global ids, little-endian', async () => {
    const { manifest, skipped } = await embed({ input, out, cache, embedder: counting([]) })
    expect(skipped).toBe(false)
    expect(manifest).toMatchObject({ step: 'embed', items: 1_000, undescribed: 1 })
    expect(manifest.settings).toEqual({
      embedder: { id: 'hash/16', width: WIDTH },
      prompt: { template: 'item-product/1', nouns: { sport: 'sports', movie: 'film' } },
    })
    const prompt = itemPrompt(['sport', 'movie'])
    const texts = ITEMS.map((item) => itemText(prompt, item.domain, item).text)
    const wanted = await hashEmbedder({ width: WIDTH }).embed(texts)
    const bytes = await readFile(join(out, 'text.f32'))
    expect(bytes.length).toBe(1_000 * WIDTH * 4)
    expect(wanted.every((value, i) => bytes.readFloatLE(i * 4) === value)).toBe(true)

    const { rows, width, embedder } = await openEmbeddings(out, await openDataset(input))
    expect([rows, width, embedder.id]).toEqual([wanted, WIDTH, 'hash/16'])
  })

  it('counts before the first call what would have to be paid for', async () => {
    const refusing: EmbedderChoice = { ...counting([]), model: 'priced', open: () => { throw new Error('opened') } }
    const estimate = createEstimate()
    await dryEmbed({ input, out, cache, embedder: refusing }, estimate)
    expect(estimate.expected).toEqual([expect.objectContaining({ model: 'priced', asks: 1_000, output: 0 })])
    await embed({ input, out, cache, embedder: counting([]) })
    const after = createEstimate()
    await dryEmbed({ input, out, cache, embedder: refusing }, after)
    await dryEmbed({ input, out: `${out}-2`, cache, embedder: refusing }, after)
    await dryEmbed({ input, out: `${out}-2`, cache: `${cache}-2`, embedder: counting([]) }, after)
    expect(after.expected).toEqual([])
  })

  it('goes on where an interrupted run stopped, and asks for no text twice', async () => {
    const stop = new AbortController()
    const first: string[] = []
    const interrupted = embed({
      input,
      out,
      cache,
      embedder: counting(first, (call) => { if (call === 3) stop.abort() }),
      signal: stop.signal,
    })
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' })
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(first).toHaveLength(512)

    const second: string[] = []
    const counts: number[] = []
    await embed({ input, out, cache, embedder: counting(second), onProgress: (done) => counts.push(done) })
    expect([counts[0], counts.at(-1)]).toEqual([512, 1_000])
    expect(second).toHaveLength(488)
    expect(new Set([...first, ...second]).size).toBe(1_000)
  })

  it('does nothing where dataset, embedder and prompt are those of before, and starts anew where one is not', async () => {
    const made = await embed({ input, out, cache, embedder: counting([]) })
    const unopened = { ...counting([]), open: () => { throw new Error('opened') } }
    const again = await embed({ input, out, cache, embedder: unopened })
    expect(again).toEqual({ manifest: made.manifest, skipped: true })

    const asked: string[] = []
    const paper = await embed({ input, out, cache, embedder: counting(asked), prompt: { template: 'item-paper/1' } })
    expect([paper.skipped, asked.length]).toEqual([false, 999])
    await writeItems(input, ITEMS.map((item, i) => i === 0 ? { ...item, title: 'a new title' } : item))
    const other = await embed({ input, out, cache, embedder: counting(asked), prompt: { template: 'item-paper/1' } })
    expect([other.skipped, asked.length]).toEqual([false, 1_000])
  })

  it('calls items what the dataset says they are, and what it is told before that', async () => {
    await writeItems(input, ITEMS, { nouns: { sport: 'skiing', movie: 'moving picture' } })
    const { manifest } = await embed({ input, out, cache, embedder: counting([]), prompt: { nouns: { movie: 'talkie' } } })
    expect(manifest.settings).toMatchObject({ prompt: { nouns: { sport: 'skiing', movie: 'talkie' } } })
  })

  it('is not opened for another dataset than its own', async () => {
    await embed({ input, out, cache, embedder: counting([]) })
    const { items } = await openDataset(input)
    await expect(openEmbeddings(out, { digest: 'another', items })).rejects.toMatchObject({ code: 'artefact_invalid' })
  })
})
