import { describe, expect, it } from 'vitest'
import { prepareSettings } from '../../../src/data/prepare-settings.ts'
import { findPublished } from '../../../src/data/published/find.ts'
import { PUBLISHED_SETS, publishedSet } from '../../../src/data/published/sets.ts'
import { resultsTable, sizesTable } from '../../../src/data/published/table.ts'
import { itemPrompt } from '../../../src/llm/item-prompt.ts'
import { prepared, withFiles } from '../shop.ts'
import type { Files, Prepared } from '../shop.ts'
import {
  bookReviews, eventsOf, filmReviews, lines, meta2018, meta2023, RAW, review2018, review2023,
} from './raw-files.ts'

const read = (source: keyof typeof RAW, files: Files = {}, settings: Record<string, unknown> = {}): Promise<Prepared> =>
  prepared({ ...RAW[source], ...files }, { source, ...settings })

const AMAZON = 'amazon-v2-cloth-sport'
const [CLOTH, CLOTH_META] = ['Clothing_Shoes_and_Jewelry.json', 'meta_Clothing_Shoes_and_Jewelry.json'] as const
const IN_2019 = 1_550_000_000
const YEAR_2023 = 'amazon-2023-industrial-games-music'

describe('published data sets', () => {
  it.each(PUBLISHED_SETS.map(({ name }) => name as keyof typeof RAW))('read %s from its files as published', async (name) => {
    const { dataset, manifest, badRows } = await read(name)
    const set = publishedSet(name)
    expect(badRows).toEqual([])
    expect(dataset.users).toEqual(['A1', 'A2', 'A3'])
    expect(dataset.domains.map(({ name: domain, size }) => [domain, size])).toEqual(set.domains.map((d) => [d.name, 2]))
    expect(dataset.events.length).toBe(6 * set.domains.length)
    expect(manifest).toMatchObject({
      settings: { source: name },
      notTaken: { outsideWindow: 0, ratedTooLow: 0, inAnotherDomain: 0, withoutText: 0 },
      nouns: Object.fromEntries(set.domains.map(({ name: domain, noun }) => [domain, noun])),
    })
    expect(dataset.items.every((item) => item.title !== undefined || item.categories !== undefined)).toBe(true)
  })

  it('have the nouns that the item prompt knows their domains by, so that a catalogue of ones own reads alike', () => {
    for (const { domains } of PUBLISHED_SETS) {
      expect(itemPrompt(domains.map(({ name }) => name)).nouns)
        .toEqual(Object.fromEntries(domains.map(({ name, noun }) => [name, noun])))
    }
  })

  it('give every field of an item that its format has', async () => {
    expect((await read(AMAZON)).item('a1')).toEqual({
      itemId: 'a1',
      domain: 'cloth',
      title: 'Title of a1',
      brand: 'Acme',
      categories: ['Clothing', 'Socks'],
      price: 12.5,
      date: '5 star5 star (0%)',
      features: ['Wool'],
      description: 'Warm. Soft.',
    })
    expect((await read(YEAR_2023)).item('0a')).toEqual({
      itemId: '0a',
      domain: 'industrial',
      title: 'Title of 0a',
      brand: 'Acme',
      categories: ['Tools', 'Saws'],
      price: 9.5,
      date: 'March 3, 2019',
      features: ['Steel'],
    })
    const { item } = await read('douban-book-movie')
    expect(item('book-1')).toEqual({ itemId: 'book-1', domain: 'book', categories: ['中国', '小说'] })
    expect(item('movie-2')).toEqual({
      itemId: 'movie-2',
      domain: 'movie',
      title: '片 2',
      brand: '侯孝贤',
      categories: ['剧情', '历史'],
      date: '1989-09-15',
      description: '一个 "故事"',
    })
  })

  const event = (seconds: number, rating = 5, user = 'A1', item = 'a1') => ({ user, item, seconds, rating })
  const more = (...rows: object[]): Files => ({ [CLOTH]: `${RAW[AMAZON][CLOTH] as string}${lines(rows)}` })
  it.each([
    ['at the lower bound', 1_514_736_000, { outsideWindow: 1 }, 12],
    ['just above it', 1_514_736_001, { outsideWindow: 0 }, 13],
    ['just below the upper bound', 1_577_807_999, { outsideWindow: 0 }, 13],
    ['at the upper bound', 1_577_808_000, { outsideWindow: 1 }, 12],
  ])('keep to the time window, bounds left out: an event %s', async (_name, seconds, notTaken, events) => {
    const { manifest, dataset, badRows } = await read(AMAZON, more(review2018(event(seconds))))
    expect({ notTaken: manifest.notTaken, events: dataset.events.length, badRows })
      .toMatchObject({ notTaken, events, badRows: [] })
  })

  it('leave out what is rated 0, and what an item of another domain was sold as', async () => {
    const { manifest, dataset } = await read(AMAZON, {
      'Sports_and_Outdoors.json': lines([...eventsOf(['b1', 'b2'], IN_2019), event(IN_2019, 5, 'A1', 'a1')].map(review2018)),
      ...more(review2018(event(IN_2019, 0))),
    })
    expect(manifest.notTaken).toEqual({ outsideWindow: 0, ratedTooLow: 1, inAnotherDomain: 1, withoutText: 0 })
    expect(dataset.items.filter(({ itemId }) => itemId === 'a1').map(({ domain }) => domain)).toEqual(['cloth'])
    // The whole file comes before the 5-core one.
    expect(manifest.inputs).toContainEqual(expect.objectContaining({ name: 'Sports_and_Outdoors.json' }))
  })

  it('take one description of an item, from its own domain and where it was bought', async () => {
    const { item, dataset, badRows } = await read(AMAZON, {
      [CLOTH_META]: lines([meta2018('b1', { title: 'Not this' }), meta2018('a1'), meta2018('a1', { title: 'Nor this' })]),
    })
    expect(badRows).toEqual([])
    expect(item('b1').title).toBe('Title of b1')
    expect(item('a1').title).toBe('Title of a1')
    expect(item('a2')).toEqual({ itemId: 'a2', domain: 'cloth' })
    expect(dataset.items.length).toBe(4)
  })

  it('of 2023 leave out items without a title, features and description, and what came before 2018', async () => {
    const reviews = [...eventsOf(['0a', '0b'], IN_2019), event(1_514_764_799), event(1_514_764_800)]
      .map((row) => review2023({ ...row, item: row.item.replace('a1', '0a') }))
    const { dataset, manifest } = await read(YEAR_2023, {
      'Industrial_and_Scientific.jsonl': lines(reviews),
      'meta_Industrial_and_Scientific.jsonl': lines([
        meta2023('0a'), meta2023('0b', { title: null, features: [], description: [''] }),
      ]),
    })
    expect(dataset.items.map(({ itemId }) => itemId)).not.toContain('0b')
    expect(manifest.notTaken).toMatchObject({ outsideWindow: 1, withoutText: 3 })
    expect(dataset.events.length).toBe(16)
  })

  it('of Douban read comments over several lines and with quotes, and name what cannot be read', async () => {
    const films = eventsOf(['1', '2'], Date.UTC(2016, 5, 1) / 1000)
    const odd = filmReviews(films, 'a "quoted" comment\n\non "three lines')
    const { dataset, badRows } = await read('douban-book-movie', { 'moviereviews_cleaned.txt': odd })
    expect(badRows).toEqual([])
    expect(dataset.events.length).toBe(12)

    const broken = `${filmReviews(films)}"A1"\t"1"\n"A1"\t"1"\t"4"\ta\tb\t2016-07-01\t""\t"0"\t"7"\n"A1"\t"1"\t"4"\t"x"\t"soon"\t""\t"0"\t"8"\n`
    const { badRows: named } = await read('douban-book-movie', { 'moviereviews_cleaned.txt': broken })
    expect(named).toEqual([
      { file: 'moviereviews_cleaned.txt', line: 8, reason: 'the number of fields is not the header\'s' },
      { file: 'moviereviews_cleaned.txt', line: 10, reason: 'timestamp is neither a number nor an ISO 8601 time' },
    ])
  })

  it('of Douban describe a book by its most frequent tags', async () => {
    const [first = '', ...rest] = bookReviews(eventsOf(['1', '2'], Date.UTC(2016, 5, 1) / 1000), '中国|小说').split('\n')
    const reviews = [first, rest[0]!.replace('中国|小说', '小说'), ...rest.slice(1)].join('\n')
    const { item } = await read('douban-book-movie', { 'bookreviews_cleaned.txt': reviews })
    expect(item('book-1').categories).toEqual(['小说', '中国'])
  })

  it.each([
    [AMAZON, CLOTH, '{"reviewerID": "A1"\n', 'not a JSON object'],
    [AMAZON, CLOTH, lines([{ ...review2018(event(IN_2019)), asin: null }]), 'item_id is missing'],
    [AMAZON, CLOTH, lines([{ ...review2018(event(IN_2019)), reviewerID: ['A1'] }]), 'user_id is not a text or number'],
    [AMAZON, CLOTH, lines([review2018(event(IN_2019, 9))]), 'rating is not a number from 0 to 5'],
    [YEAR_2023, 'Video_Games.jsonl', lines([{ ...review2023(event(IN_2019)), timestamp: 'soon' }]), 'timestamp is neither'],
  ] as const)('name a bad row by file and line: %s, %s %#', async (source, file, row, reason) => {
    const good = (RAW[source] as Files)[file] as string
    const { badRows } = await read(source, { [file]: `${good}${row}` })
    expect(badRows).toEqual([{ file, line: 7, reason: expect.stringContaining(reason) as string }])
  })

  it.each([
    [AMAZON, CLOTH_META, 'meta_Clothing_Shoes_and_Jewelry.json (or .gz), the items of cloth'],
    [AMAZON, CLOTH, 'Clothing_Shoes_and_Jewelry.json or Clothing_Shoes_and_Jewelry_5.json (or .gz), the reviews of cloth'],
    ['douban-book-movie', 'movies_cleaned.txt', 'movies_cleaned.txt (or .gz), the items of movie'],
    [YEAR_2023, 'meta_Video_Games.jsonl.gz', 'meta_Video_Games.jsonl (or .gz), the items of games'],
  ] as const)('name the file that is missing: %s without %s', async (source, file, named) => {
    const { [file]: _left, ...files } = RAW[source] as Files
    await expect(prepared(files, { source })).rejects.toMatchObject({
      code: 'input_missing',
      message: expect.stringContaining(named) as string,
      place: { file: named.split(' ')[0] },
    })
  })

  it('name every file that is missing, with where they are', () => withFiles({}, async (folder) => {
    const error: unknown = await findPublished(publishedSet(AMAZON), [folder]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringMatching(/cloth.*cloth.*sport.*sport.*amazon_v2/) as string })
  }))

  it('need the files of the domains alone that are asked for', async () => {
    const { 'Video_Games.jsonl': _left, ...files } = RAW[YEAR_2023]
    const { dataset } = await prepared(files, { source: YEAR_2023, domains: ['music', 'industrial'], kCore: 'none' })
    expect(dataset.domains.map(({ name }) => name)).toEqual(['music', 'industrial'])
    await expect(prepared(files, { source: YEAR_2023, domains: ['books'] })).rejects.toMatchObject({
      code: 'config_invalid', place: { field: 'domains' },
    })
  })

  it('tell a file that is another one by the column it lacks, spelt as the file should', async () => {
    await expect(read(AMAZON, { [CLOTH]: lines([meta2018('a1')]) })).rejects.toMatchObject({
      code: 'column_missing', place: { field: 'reviewerID' },
    })
  })

  it('let flags win over the settings of the set, and refuse an unknown name with those there are', () => {
    expect(prepareSettings({ source: AMAZON, kCore: 'none', before: '2019-01-01' })).toMatchObject({
      kCore: 'none', after: 1_514_736_000_000, before: Date.UTC(2019, 0, 1), ratingAbove: 0,
    })
    expect(() => prepareSettings({ source: 'amazon' })).toThrow(/source is one of amazon-v2-cloth-sport, /)
    expect(() => prepareSettings({ after: 'soon' })).toThrow('after is an ISO 8601 time')
  })

  it('print ours beside the published sizes, what was left out, and the published results with their protocol', async () => {
    const { manifest } = await read(AMAZON)
    const table = sizesTable(publishedSet(AMAZON), manifest)
    expect(table).toContain('| cloth: users | 3 | 9,933 |')
    expect(table).toContain('| sport: sparsity, % | 0.00 | 99.04 |')
    expect(table).toContain('| users in several domains | 3 | 3,962 |')
    expect(table).toContain('| events a user, all domains | 4.00 | 10.71 |')
    expect(table).toContain('0 events outside the time window')
    expect(resultsTable(publishedSet(AMAZON))).toContain('| LLM4CDSR | 0.8018 / 0.7316 | 0.7046 / 0.6312 |')
  })
})
