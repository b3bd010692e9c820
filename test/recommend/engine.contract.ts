import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine, RecommendJob } from '../../src/recommend/engine.ts'
import { type TinyBundle, type TinyItem, writeTinyBundle } from '../support/tiny-bundle.ts'

/** Opens an engine on a bundle's root. */
export type OpenEngine = (root: string) => Promise<Engine>

/** What every Engine must do, whichever thread it works in. */
export function engineContract (name: string, open: OpenEngine): void {
  describe(name, () => {
    let tiny: TinyBundle
    let engine: Engine
    beforeAll(async () => {
      tiny = await writeTinyBundle({ windowLength: 8 })
      engine = await open(tiny.root)
    })
    afterAll(async () => {
      await engine.close()
      await tiny.close()
    })

    const job = (fields: Partial<RecommendJob>): RecommendJob =>
      ({ domain: 'sport', history: [], k: 10, exclude: [], excludeSeen: true, ...fields })
    const byId = (itemId: string): TinyItem => tiny.items.find((item) => item.itemId === itemId)!
    const named = (itemId: string): object => ({ itemId, domain: byId(itemId).domain, title: byId(itemId).title })
    const ids = (items: ReadonlyArray<{ itemId: string }>): string[] => items.map(({ itemId }) => itemId)

    /** Every item of a domain, scored by hand. */
    function scan (history: readonly string[], domain: string, hidden: readonly string[] = history): string[] {
      const user = tiny.userVector(history.map(byId), domain)
      return tiny.items.map((item, i) => ({ ...item, score: dot(user, tiny.vectors[i]!) }))
        .filter((item) => item.domain === domain && !hidden.includes(item.itemId))
        .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1)).map(({ itemId }) => itemId)
    }

    it('says what it serves', () => {
      expect(engine.model).toEqual({ name: 'tiny', version: tiny.manifest.version })
      expect(engine.domains).toEqual(['sport', 'cloth'])
      expect(engine.about).toEqual({ system: 'tiny', generated: true, threads: ['global', 'local'] })
      expect(engine.embedder).toEqual({ id: 'hash/384', width: 384 })
      expect(engine.status()).toMatchObject({
        provider: expect.stringMatching(/^c/),
        items: { sport: 60, cloth: 60 },
        tail: { sport: 0, cloth: 0 },
        queueDepth: 0,
        busyMs: 0,
      })
    })

    it('ranks a history as a scan by hand does, in either domain', async () => {
      const history = ['sport-0001', 'cloth-0013', 'sport-0007']
      for (const domain of ['sport', 'cloth']) {
        const answer = await engine.recommend(job({ domain, history }))
        expect(answer).toMatchObject({ basis: 'history', historyUsed: 3, historyUnknown: 0 })
        expect(ids(answer.items)).toEqual(scan(history, domain).slice(0, 10))
        expect(answer.items.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect(answer.items[0]).toMatchObject({ domain, title: byId(answer.items[0]!.itemId).title })
      }
    })

    it('names, where asked to explain, the items of the history that are most like each answered one', async () => {
      const history = ['sport-0001', 'cloth-0013', 'sport-0007', 'cloth-0002', 'sport-0001', 'gone']
      const { items } = await engine.recommend(job({ history, k: 3, explain: true }))
      const width = tiny.manifest.encoder.globalWidth
      const half = (itemId: string) => tiny.vectors[tiny.items.indexOf(byId(itemId))]!.subarray(0, width)
      for (const { itemId, near = [] } of items) {
        const a = half(itemId)
        const all = ['sport-0001', 'cloth-0013', 'sport-0007', 'cloth-0002'].map((other) => {
          const b = half(other)
          return { other, cosine: dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) }
        }).sort((x, y) => y.cosine - x.cosine).slice(0, 3)
        expect(near.map((item) => item.itemId)).toEqual(all.map(({ other }) => other))
        for (const [i, { similarity, domain, title }] of near.entries()) {
          expect(similarity).toBeCloseTo(all[i]!.cosine, 5)
          expect(title).toBe(byId(all[i]!.other).title)
          expect(all[i]!.other).toContain(domain)
        }
      }
      expect((await engine.recommend(job({ history }))).items[0]).not.toHaveProperty('near')
    })

    /** The score of an item for a history, by hand; a history of nothing scores 0. */
    const scored = (history: readonly string[], itemId: string): number =>
      history.length === 0 ? 0 : dot(tiny.userVector(history.map(byId), 'sport'), tiny.vectors[tiny.items.indexOf(byId(itemId))]!)

    it('says which items and domains of the history weighed most, by leaving each out', async () => {
      // The window is of 8: the first two are not read.
      const history = ['cloth-0050', 'sport-0050', 'sport-0001', 'cloth-0013', 'sport-0007', 'cloth-0002', 'sport-0001',
        'cloth-0020', 'sport-0011', 'cloth-0031']
      const window = history.slice(-8)
      const answers = await Promise.all([
        engine.recommend(job({ history, k: 3, explain: true })),
        engine.recommend(job({ history: ['cloth-0002'], k: 1, explain: true })),
        engine.recommend(job({ history: ['cloth-0003'], k: 1 })),
      ])
      expect(answers[0]!.explanation).toEqual({ threads: ['global', 'local'], leftOut: 7 })
      for (const { itemId, score, weighed = [], domains = [], parts } of answers[0]!.items) {
        const without = (drop: (one: string) => boolean): number =>
          scored(window, itemId) - scored(window.filter((one) => !drop(one)), itemId)
        const all = [...new Set(window)].map((other) => ({ itemId: other, weight: without((one) => one === other) }))
          .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
        expect(weighed.map((one) => one.itemId)).toEqual(all.map((one) => one.itemId))
        for (const [i, { weight, title, domain }] of weighed.entries()) {
          expect(weight).toBeCloseTo(all[i]!.weight, 5)
          expect({ title, domain }).toEqual({ title: byId(all[i]!.itemId).title, domain: byId(all[i]!.itemId).domain })
        }
        expect(domains.map(({ domain }) => domain)).toEqual(['cloth', 'sport'])
        for (const { domain, weight } of domains) {
          expect(weight).toBeCloseTo(without((one) => byId(one).domain === domain), 5)
        }
        expect(parts!.global + parts!.local!).toBeCloseTo(score, 5)
        const user = tiny.userVector(window.map(byId), 'sport')
        const vector = tiny.vectors[tiny.items.indexOf(byId(itemId))]!
        expect(parts!.local).toBeCloseTo(dot(user.subarray(16), vector.subarray(16)), 5)
      }
      const [alone] = answers[1]!.items
      expect(alone!.weighed).toEqual([{ ...named('cloth-0002'), weight: expect.closeTo(alone!.score, 5) }])
      expect(answers[2]).not.toHaveProperty('explanation')
      expect(Object.keys(answers[2]!.items[0]!).sort()).toEqual(['domain', 'itemId', 'rank', 'score', 'title'])
    })

    it('explains an answer from a text by its parts, and popular items not at all', async () => {
      const { explanation, items } = await engine.recommend(job({ text: tiny.embed('running shirt'), k: 1, explain: true }))
      expect(explanation).toEqual({ threads: ['global', 'local'], leftOut: 0 })
      expect(items[0]!.parts).toEqual({ global: expect.closeTo(items[0]!.score, 5), local: 0 })
      expect(items[0]).not.toHaveProperty('weighed')
      const popular = await engine.recommend(job({ k: 1, explain: true }))
      expect(popular).not.toHaveProperty('explanation')
      expect(popular.items[0]).not.toHaveProperty('parts')
    })

    it('says of a system without a local half that there is none', async () => {
      const flat = await writeTinyBundle({ withLocal: false })
      const other = await open(flat.root)
      const { explanation, items } = await other.recommend(job({ history: ['cloth-0002', 'sport-0001'], k: 2, explain: true }))
      expect(explanation).toEqual({ threads: ['global'], leftOut: 2 })
      for (const { parts, score } of items) expect(parts).toEqual({ global: expect.closeTo(score, 5) })
      await other.close()
      await flat.close()
    })

    it('finds items by words of their title or id, whatever their case and marks, and says where to go on', async () => {
      const find = async (words: string[], k = 100, from = 0) => await engine.search({ domain: 'cloth', words, k, from })
      const wanted = tiny.items.filter(({ domain, title }) => domain === 'cloth' && /yoga/.test(title) && /shirt/.test(title))
      expect(wanted.length).toBeGreaterThan(1)
      expect(await find(['YOGA', 'shi'])).toEqual({
        items: wanted.map(({ itemId, domain, title }) => ({ itemId, domain, title })),
      })
      expect((await find(['H-0007'])).items.map(({ itemId }) => itemId)).toEqual(['cloth-0007'])
      const first = await find(['shirt'], 2)
      expect(first.items).toHaveLength(2)
      const rest = await find(['shirt'], 100, first.next)
      expect([...first.items, ...rest.items]).toEqual((await find(['shirt'])).items)
      expect(await find(['nothing-like-it'])).toEqual({ items: [] })

      const item = { itemId: 'new-9', domain: 'cloth', title: 'Crème BRÛLÉE cap', embedding: tiny.embed('creme cap') }
      await engine.putItems([item])
      expect((await find(['brulee', 'CRÈME'])).items).toEqual([{ itemId: 'new-9', domain: 'cloth', title: item.title }])
      await engine.removeItem('new-9')
      expect((await find(['brulee'])).items).toEqual([])
      await expect(engine.search({ domain: 'garden', words: ['x'], k: 1, from: 0 })).rejects.toMatchObject({ code: 'unknown_domain' })
    })

    it('places items on a chart by what all domains share: near where alike, and posted ones by the same axes', async () => {
      const { share, points } = (await engine.chart())!
      expect(points.map(({ itemId }) => itemId).sort()).toEqual(tiny.items.map(({ itemId }) => itemId).sort())
      expect(share).toBeGreaterThan(0)
      expect(share).toBeLessThanOrEqual(1)
      // One text in two domains has one global half but for its length, and so one place.
      const embedding = tiny.embed('yoga cap lion')
      await engine.putItems([
        { itemId: 'new-5', domain: 'cloth', title: 'yoga cap lion', embedding }, { itemId: 'new-6', domain: 'sport', embedding },
      ])
      const [one, other, ...more] = (await engine.chart(['new-5', 'gone', 'new-6']))!.points
      expect(more).toEqual([])
      expect(one).toEqual({ itemId: 'new-5', domain: 'cloth', title: 'yoga cap lion', x: expect.any(Number), y: expect.any(Number) })
      expect([other!.x, other!.y]).toEqual([expect.closeTo(one!.x, 3), expect.closeTo(one!.y, 3)])
      const [same] = (await engine.chart([points[7]!.itemId]))!.points
      expect(same).toEqual(points[7])
      for (const itemId of ['new-5', 'new-6']) await engine.removeItem(itemId)
      expect((await engine.chart(['new-5']))!.points).toEqual([])
    })

    it('answers a user of one domain in the other', async () => {
      const history = ['cloth-0002', 'cloth-0008']
      const answer = await engine.recommend(job({ history }))
      expect(answer.basis).toBe('history')
      expect(ids(answer.items)).toEqual(scan(history, 'sport').slice(0, 10))
    })

    it('reads the latest window of known items, and counts the unknown ones', async () => {
      const old = Array.from({ length: 20 }, (_, i) => `sport-00${String(i + 10)}`)
      const latest = ['cloth-0001', 'sport-0002', 'cloth-0003', 'sport-0004', 'cloth-0005', 'sport-0006', 'cloth-0007', 'sport-0008']
      const answer = await engine.recommend(job({ history: [...old, 'nothing', ...latest.slice(0, 4), 'else', ...latest.slice(4)] }))
      expect(answer).toMatchObject({ basis: 'history', historyUsed: 8, historyUnknown: 2 })
      expect(ids(answer.items)).toEqual(scan(latest, 'sport', [...old, ...latest]).slice(0, 10))
    })

    it('hides what was seen and what is excluded, and only that', async () => {
      const history = ['sport-0001']
      const all = await engine.recommend(job({ history, k: 100, excludeSeen: false }))
      expect(ids(all.items)).toEqual(scan(history, 'sport', []))
      const without = await engine.recommend(job({ history, k: 100, seen: ['sport-0002'], exclude: ['sport-0003', 'cloth-0001', 'x'] }))
      expect(ids(without.items)).toEqual(scan(history, 'sport', ['sport-0001', 'sport-0002', 'sport-0003']))
      const seen = await engine.recommend(job({ history, k: 100, seen: ['sport-0002'], exclude: ['sport-0003'], excludeSeen: false }))
      expect(ids(seen.items)).toEqual(scan(history, 'sport', ['sport-0003']))
    })

    it('rests on a text where no item of the history is known', async () => {
      const text = tiny.embed('running ball')
      const answer = await engine.recommend(job({ history: ['nothing'], text, k: 5 }))
      expect(answer).toMatchObject({ basis: 'text', historyUsed: 0, historyUnknown: 1 })
      expect(answer.items.map(({ title }) => title).join(' ')).toMatch(/running/)
      const both = await engine.recommend(job({ history: ['sport-0001'], text, k: 5 }))
      expect(both.basis).toBe('history')
    })

    it('rests on popularity where nothing is known', async () => {
      const answer = await engine.recommend(job({ k: 3, exclude: ['sport-0001'] }))
      expect(answer).toMatchObject({ basis: 'popular', historyUsed: 0, historyUnknown: 0 })
      expect(ids(answer.items)).toEqual(['sport-0000', 'sport-0002', 'sport-0003'])
    })

    it.each([
      ['a brand', { brand: ['Alba', 'Borea'] }, (item: TinyItem) => ['Alba', 'Borea'].includes(item.brand ?? '')],
      ['a category', { categories: ['yoga'] }, (item: TinyItem) => item.categories?.includes('yoga') ?? false],
      ['prices', { priceMin: 10, priceMax: 20 }, (item: TinyItem) => (item.price ?? 0) >= 10 && (item.price ?? 99) <= 20],
      ['two fields', { brand: ['Alba'], priceMax: 20 }, (item: TinyItem) => item.brand === 'Alba' && item.price! <= 20],
      ['a date that bundled items lack', { ingestedAfter: 1 }, () => false],
      ['nothing', {}, () => true],
    ])('keeps to a filter by %s, whatever the answer rests on', async (_, filter, keeps) => {
      const history = ['cloth-0001']
      const kept = tiny.items.filter((item) => item.domain === 'sport' && keeps(item)).map(({ itemId }) => itemId)
      const ranked = await engine.recommend(job({ history, k: 100, filter }))
      expect(ids(ranked.items)).toEqual(scan(history, 'sport').filter((id) => kept.includes(id)))
      const popular = await engine.recommend(job({ k: 100, filter }))
      expect(ids(popular.items)).toEqual(kept)
    })

    it('gives each of many at once its own answer', async () => {
      const histories = Array.from({ length: 40 }, (_, i) => ids(tiny.items.slice(i, i + 1 + i % 9)))
      const answers = await Promise.all(histories.map(async (history, i) =>
        await engine.recommend(job({ history, domain: i % 3 === 0 ? 'cloth' : 'sport', k: 4 }))))
      for (const [i, answer] of answers.entries()) {
        const window = histories[i]!.slice(-8)
        expect(ids(answer.items)).toEqual(scan(window, i % 3 === 0 ? 'cloth' : 'sport', histories[i]).slice(0, 4))
      }
    })

    it('refuses a domain that the model does not have, without harm to its neighbours', async () => {
      const [bad, good] = await Promise.allSettled([
        engine.recommend(job({ domain: 'garden' })), engine.recommend(job({ history: ['sport-0001'] })),
      ])
      expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'unknown_domain' } })
      expect(good.status).toBe('fulfilled')
    })

    it('refuses a text that is no embedding, without harm to its neighbours', async () => {
      const [narrow, broken, good] = await Promise.allSettled([
        engine.recommend(job({ text: new Float32Array(3) })),
        engine.recommend(job({ text: new Float32Array(384).fill(Number.NaN) })),
        engine.recommend(job({ history: ['sport-0001'] })),
      ])
      expect(narrow).toMatchObject({ status: 'rejected', reason: { code: 'validation_failed' } })
      expect(broken).toMatchObject({ status: 'rejected', reason: { code: 'validation_failed' } })
      expect(good.status).toBe('fulfilled')
    })

    it('finds similar items by their texts, also in the other domain', async () => {
      const own = await engine.similar({ itemId: 'sport-0000', k: 3 })
      expect(own).toHaveLength(3)
      expect(ids(own!)).not.toContain('sport-0000')
      const other = await engine.similar({ itemId: 'sport-0000', domain: 'cloth', k: 5 })
      expect(other!.every(({ domain }) => domain === 'cloth')).toBe(true)
      expect(other![0]!.title).toMatch(/running/)
      expect(await engine.similar({ itemId: 'nothing', k: 3 })).toBeUndefined()
      await expect(engine.similar({ itemId: 'sport-0000', domain: 'garden', k: 3 })).rejects.toMatchObject({ code: 'unknown_domain' })
    })

    it('takes a new item from its text, recommends it at once, reads it in histories, replaces and removes it', async () => {
      const post = async (title: string): Promise<void> => await engine.putItems([
        { itemId: 'new-1', domain: 'cloth', title, brand: 'Delta', ingestedAt: 5000, embedding: tiny.embed(title) },
      ])
      const ask = async (history: string[]): Promise<string[]> =>
        ids((await engine.recommend(job({ domain: 'cloth', history, k: 3, excludeSeen: false }))).items)
      await post('running shirt zebra')
      expect(engine.status().items).toEqual({ sport: 60, cloth: 61 })
      expect(await engine.describe('new-1')).toEqual({
        itemId: 'new-1', domain: 'cloth', title: 'running shirt zebra', brand: 'Delta', source: 'posted',
      })
      expect((await ask(['new-1']))[0]).toBe('new-1')
      const filtered = await engine.recommend(job({ domain: 'cloth', history: ['cloth-0000'], filter: { brand: ['Delta'], ingestedAfter: 4999 } }))
      expect(ids(filtered.items)).toEqual(['new-1'])
      const text = await engine.recommend(job({ domain: 'cloth', text: tiny.embed('running shirt zebra'), k: 1 }))
      expect(ids(text.items)).toEqual(['new-1'])

      await post('yoga cap lion')
      expect(engine.status().items).toEqual({ sport: 60, cloth: 61 })
      const again = await engine.recommend(job({ domain: 'cloth', text: tiny.embed('yoga cap lion'), k: 1 }))
      expect(again.items).toMatchObject([{ itemId: 'new-1', title: 'yoga cap lion' }])

      expect(await engine.removeItem('new-1')).toBe(true)
      expect(await engine.removeItem('new-1')).toBe(false)
      expect(await engine.describe('new-1')).toBeUndefined()
      expect(engine.status().items).toEqual({ sport: 60, cloth: 60 })
      const gone = await engine.recommend(job({ domain: 'cloth', history: ['new-1', 'cloth-0000'], k: 100 }))
      expect(gone).toMatchObject({ historyUsed: 1, historyUnknown: 1 })
      expect(ids(gone.items)).not.toContain('new-1')
    })

    it('replaces and removes an item of the bundle, and takes it back', async () => {
      const original = byId('sport-0059')
      const put = async (title: string): Promise<void> =>
        await engine.putItems([{ itemId: 'sport-0059', domain: 'sport', title, embedding: tiny.embed(title) }])
      const nearest = async (title: string): Promise<string> =>
        (await engine.recommend(job({ text: tiny.embed(title), k: 1 }))).items[0]!.itemId
      await put('violet submarine')
      expect(await nearest('violet submarine')).toBe('sport-0059')
      expect(await nearest(original.title)).not.toBe('sport-0059')
      await engine.removeItem('sport-0059')
      expect(await nearest('violet submarine')).not.toBe('sport-0059')
      await put(original.title)
      expect(engine.status().items).toEqual({ sport: 60, cloth: 60 })
      expect(await nearest(original.title)).toBe('sport-0059')
    })

    it('takes all of several items or none', async () => {
      const embedding = tiny.embed('green hat')
      const good = { itemId: 'new-2', domain: 'cloth', title: 'green hat', embedding }
      const bad: ReadonlyArray<[string, object]> = [
        ['unknown_domain', { domain: 'garden' }],
        ['conflict', { itemId: 'sport-0001' }],
        ['validation_failed', { embedding: new Float32Array(12) }],
        ['validation_failed', { embedding: new Float32Array(384).fill(Number.NaN) }],
        ['validation_failed', { embedding: new Float32Array(384) }],
        ['validation_failed', { embedding: new Float32Array(384).fill(Infinity) }],
        ['validation_failed', { embedding: Float32Array.of(1e39, ...new Float32Array(383)) }],
      ]
      for (const [code, change] of bad) {
        await expect(engine.putItems([good, { ...good, itemId: 'new-3', ...change }])).rejects.toMatchObject({ code })
      }
      const twice = [{ ...good, itemId: 'new-4' }, { ...good, itemId: 'new-4', domain: 'sport' }]
      await expect(engine.putItems(twice)).rejects.toMatchObject({ code: 'conflict' })
      expect(await engine.describe('new-4')).toBeUndefined()
      expect(await engine.describe('new-2')).toBeUndefined()
      expect(engine.status().items).toEqual({ sport: 60, cloth: 60 })
    })

    it('opens no domain where it answers for its own alone, and takes one that is there for open', async () => {
      expect([engine.opensDomains, engine.openedDomains]).toEqual([false, []])
      await expect(engine.openDomain('toys')).rejects.toMatchObject({ code: 'domains_fixed' })
      await engine.openDomain('sport')
      expect(engine.domains).toEqual(['sport', 'cloth'])
    })

    it('opens domains where nothing in it is of one, and answers in them as a scan by hand does', async () => {
      const other = await writeTinyBundle({ withLocal: false, system: 'llm-recg' })
      const wide = await open(other.root)
      try {
        expect(wide.opensDomains).toBe(true)
        await Promise.all([wide.openDomain('toys'), wide.openDomain('toys')])
        await expect(wide.openDomain('no name')).rejects.toMatchObject({ code: 'validation_failed' })
        expect([wide.domains, wide.openedDomains]).toEqual([['sport', 'cloth', 'toys'], ['toys']])
        expect(wide.status()).toMatchObject({ items: { toys: 0 }, retrieval: { toys: 'exact' } })
        // The same texts as items of the bundle, and so the same vectors.
        const copies = other.items.slice(0, 40)
        await wide.putItems(copies.map(({ itemId, title }) =>
          ({ itemId: `toy/${itemId}`, domain: 'toys', title, embedding: other.embed(title) })))
        const history = [other.items[70]!, other.items[3]!]
        const user = other.userVector(history, 'toys')
        const { items, basis } = await wide.recommend(job({
          domain: 'toys', history: history.map(({ itemId }) => itemId), k: 40,
        }))
        const scanned = copies.map(({ itemId }, i) => ({ itemId: `toy/${itemId}`, score: dot(user, other.vectors[i]!) }))
          .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
        expect([basis, ids(items)]).toEqual(['history', ids(scanned)])
        for (const [i, { score }] of items.entries()) expect(score).toBeCloseTo(scanned[i]!.score, 5)
        const back = await wide.recommend(job({ domain: 'cloth', history: ['toy/sport-0000'], k: 3 }))
        expect(back.items[0]!.title).toMatch(/running/)
      } finally {
        await wide.close()
        await other.close()
      }
    })

    it('describes an item of the bundle, and nothing else', async () => {
      expect(await engine.describe('sport-0006')).toEqual({
        itemId: 'sport-0006', domain: 'sport', title: byId('sport-0006').title, source: 'bundle',
      })
      expect(await engine.describe('sport-0001')).toEqual({ ...byId('sport-0001'), source: 'bundle' })
      expect(await engine.describe('nothing')).toBeUndefined()
    })
  })
}

function dot (a: Float32Array, b: Float32Array): number {
  return Math.fround(a.reduce((sum, value, i) => sum + value * b[i]!, 0))
}
