import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { files, type Golden } from '../../src/bundle/layout.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { CURRENT_FILE } from '../../src/bundle/pointer.ts'
import { PREVIOUS_FILE } from '../../src/bundle/selection.ts'
import { addDomain, type AddDomainStep } from '../../src/pipeline/add-domain.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { hashWords, type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'

const HISTORY = ['sport-0000', 'cloth-0006']

describe('adding a domain to a bundle', () => {
  let tiny: TinyBundle
  let folder: string
  let opened = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-add-domain-'))
    tiny = await writeTinyBundle({ root: join(folder, 'models'), withLocal: false, system: 'llm-recg' })
  })
  afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

  const items = async (name: string, rows: readonly object[]): Promise<string> => {
    const file = join(folder, `${name}.jsonl`)
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    return file
  }
  const toys = Array.from({ length: 30 }, (_, i) => ({
    item_id: `toy-${String(29 - i).padStart(2, '0')}`, domain: 'toys', title: `${['running', 'yoga', 'chess'][i % 3]} doll ${i}`, price: '$3',
  }))
  const call = async (file: string, more: Partial<AddDomainStep> = {}) => await addDomain({
    bundle: tiny.root,
    items: [file],
    maxBadShare: 0,
    embedderNamed: ({ id, width }) => ({
      id,
      width,
      scope: [],
      atOnce: 1,
      async open () {
        opened++
        return {
          id,
          width,
          async embed (texts, { onProgress } = {}) {
            const rows = new Float32Array(texts.length * width)
            for (const [i, text] of texts.entries()) rows.set(hashWords(text, width), i * width)
            onProgress?.(texts.length)
            return rows
          },
          async close () {},
        }
      },
    }),
    cache: join(folder, 'cache'),
    ...more,
  })
  const current = async (): Promise<string> => (await readFile(join(tiny.root, CURRENT_FILE), 'utf8')).trim()

  it('refuses what it cannot add, by code, and leaves the bundle as it is', async () => {
    const good = toys[0]!
    const bad: ReadonlyArray<[string, readonly object[], Partial<AddDomainStep>]> = [
      ['config_invalid', [{ ...good, domain: 'sport' }], {}],
      ['too_many_bad_rows', [{ ...good, domain: '../x' }], {}],
      ['item_in_two_domains', [good, { ...good, item_id: 'cloth-0001' }], {}],
      ['too_many_bad_rows', [good, { domain: 'toys', title: 'no id' }], {}],
      ['dataset_empty', [{ ...good, item_id: '' }], { maxBadShare: 1 }],
      ['embedder_failed', [good], { embedderNamed: () => { throw Object.assign(new Error(), { code: 'embedder_failed' }) } }],
    ]
    for (const [i, [code, rows, more]] of bad.entries()) {
      await expect(call(await items(`bad-${i}`, rows), more)).rejects.toMatchObject({ code })
    }
    await expect(call(join(folder, 'nothing.jsonl'))).rejects.toMatchObject({ code: 'input_missing' })
    const other = await writeTinyBundle()
    await expect(call(await items('good', toys), { bundle: other.root })).rejects.toMatchObject({ code: 'domains_fixed' })
    await other.close()
    expect(await current()).toBe(tiny.manifest.version)
    expect((await readdir(tiny.root)).sort()).toEqual([tiny.manifest.version, CURRENT_FILE].sort())
  })

  it('writes the next version, which answers in it as a scan by hand does, and says what it is', async () => {
    const told: unknown[] = []
    const { dir, version, domains, skipped } = await call(await items('toys', toys), {
      now: () => 1_760_000_100_000, onProgress: (...report) => told.push(report),
    })
    expect(told.at(-1)).toEqual([30, 30, 'toys'])
    expect([skipped, domains]).toEqual([false, [{ name: 'toys', noun: 'toys', items: 30, added: true }]])
    expect(await current()).toBe(version)
    expect((await readFile(join(tiny.root, PREVIOUS_FILE), 'utf8')).trim()).toBe(tiny.manifest.version)
    const bundle = await openBundle(dir)
    expect(bundle.manifest.domains.map(({ name }) => name)).toEqual(['sport', 'cloth', 'toys'])
    const raw = await bundle.readFloats(files.texts, 150 * 384)
    expect(Array.from(raw.subarray(0, 384))).toEqual(Array.from(tiny.embed(tiny.items[0]!.title)))
    const first = `Product from the toys department. Name: ${toys.at(-1)!.title}. Price: 3.`
    expect(Array.from(raw.subarray(120 * 384, 121 * 384))).toEqual(Array.from(hashWords(first, 384)))

    const user = tiny.userVector(HISTORY.map((id) => tiny.items.find(({ itemId }) => itemId === id)!), 'toys')
    const vectors = await bundle.readFloats(files.vectors('toys'), 30 * 16)
    const ids = toys.map(({ item_id: id }) => id).sort()
    const scanned = ids.map((itemId, row) => ({
      itemId, score: user.reduce((sum, value, i) => sum + value * vectors[row * 16 + i]!, 0),
    })).sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
    const engine = await openEngine(bundle, { provider: 'cpu' })
    const job = { domain: 'toys', k: 10, exclude: [], excludeSeen: true }
    const { basis, items: answered } = await engine.recommend({ ...job, history: HISTORY })
    expect([basis, answered.map(({ itemId }) => itemId)]).toEqual(['history', scanned.slice(0, 10).map(({ itemId }) => itemId)])
    expect((await engine.recommend({ ...job, history: [] })).items).toEqual([])
    expect(engine.openedDomains).toEqual([])
    // The same text, posted to the version before, is the same vector.
    await engine.putItems([{ itemId: 'again', domain: 'toys', embedding: hashWords(first, 384) }])
    const twins = (await engine.recommend({ ...job, history: HISTORY, k: 31 })).items.filter(({ itemId }) => ['again', ids[0]].includes(itemId))
    expect(twins[0]!.score).toBe(twins[1]!.score)
    await engine.close()

    const golden = JSON.parse(await bundle.readText(files.golden)) as Golden
    expect(golden.cases.map(({ domain }) => domain)).toEqual(['sport', 'cloth', 'toys'])
    expect(golden.cases[2]!.items).toHaveLength(10)
    if (bundle.has('hnsw-toys.bin')) expect(bundle.manifest.retrieval['toys']).toMatchObject({ queries: 20 })
  })

  it('has nothing to do where CURRENT names a version of the same items, and goes on from there with others', async () => {
    const before = opened
    expect(await call(await items('toys', toys))).toMatchObject({ skipped: true, version: await current() })
    expect(opened).toBe(before)
    const garden = await call(await items('garden', [{ item_id: 'g1', domain: 'garden', title: 'spade' }]), {
      now: () => 1_760_000_200_000,
    })
    expect((await openBundle(garden.dir)).manifest.domains.map(({ name, added }) => [name, added])).toEqual([
      ['sport', undefined], ['cloth', undefined], ['toys', true], ['garden', true],
    ])
  })
})
