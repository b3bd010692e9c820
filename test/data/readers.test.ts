import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { EVENTS, HEADER, ITEMS, parquet, prepared } from './shop.ts'
import type { Files, Prepared } from './shop.ts'

const rows = EVENTS.trim().split('\n').slice(1).map((line) => line.split(','))
const jsonl = rows.map(([user, item, domain, time]) =>
  JSON.stringify({ user_id: user, item_id: item, domain, timestamp: Number(time) })).join('\n')
const itemsJsonl = ITEMS.trim().split('\n').slice(1).map((line) => line.split(','))
  .map(([itemId, domain, title]) => JSON.stringify({ itemId, domain, title })).join('\n')
const sql = `SELECT * FROM (VALUES ${rows.map(([u, i, d, t]) => `('${u}', '${i}', '${d}', ${t})`).join(', ')})
  AS t(user_id, item_id, domain, timestamp)`

describe('readers', () => {
  let plain: Prepared
  beforeAll(async () => { plain = await prepared({ 'interactions.csv': EVENTS, 'items.csv': ITEMS }) })

  const formats: [string, () => Promise<Files>][] = [
    ['CSV with CRLF and a byte order mark', async () => ({
      'interactions.csv': `\uFEFF${EVENTS.replaceAll('\n', '\r\n')}`, 'items.csv': ITEMS.replaceAll('\n', '\r\n'),
    })],
    ['CSV with quotes and another order of columns', async () => ({
      'interactions.csv': `timestamp,"note",domain,item_id,user_id\n${
        rows.map(([u, i, d, t]) => `${t},"a ""b"", c",${d},"${i}",${u}`).join('\n')}`,
      'items.csv': ITEMS,
    })],
    ['gzip', async () => ({ 'interactions.csv.gz': gzipSync(EVENTS), 'items.jsonl.gz': gzipSync(itemsJsonl) })],
    ['gzip of several members', async () => ({
      'interactions.csv.gz': Buffer.concat([gzipSync(EVENTS.slice(0, 90)), gzipSync(EVENTS.slice(90))]), 'items.csv': ITEMS,
    })],
    ['JSONL', async () => ({ 'interactions.jsonl': jsonl, 'items.jsonl': itemsJsonl })],
    ['Parquet', async () => ({
      'interactions.parquet': await parquet(sql),
      'items.parquet': await parquet(`SELECT * FROM (VALUES ('s1', 'sport', 'Ball'), ('s2', 'sport', 'Bat'),
        ('c1', 'cloth', 'Cap')) AS t(item_id, domain, title)`),
    })],
    ['Parquet with time stamps', async () => ({
      'interactions.parquet': await parquet(`SELECT * REPLACE (to_timestamp(timestamp) AS timestamp) FROM (${sql})`),
      'items.csv': ITEMS,
    })],
    ['ISO 8601 times with a zone', async () => ({
      'interactions.csv': `${HEADER}\n${rows.map(([u, i, d, t]) => `${u},${i},${d},${
        new Date(Number(t) * 1000 + 7_200_000).toISOString().replace('.000Z', '+02:00')}`).join('\n')}`,
      'items.csv': ITEMS,
    })],
    ['milliseconds', async () => ({
      'interactions.csv': EVENTS.replaceAll(/(\d{10})$/gm, '$1000'), 'items.csv': ITEMS,
    })],
    ['several files in the order of their names', async () => ({
      'interactions-1.csv': EVENTS.slice(0, EVENTS.indexOf('bob')),
      'interactions-2.csv': `${HEADER}\n${EVENTS.slice(EVENTS.indexOf('bob'))}`,
      'items.csv': ITEMS,
    })],
  ]

  it.each(formats)('give one dataset, whatever the format: %s', async (_name, files) => {
    const { dataset, badRows } = await prepared(await files())
    expect(badRows).toEqual([])
    expect({ ...dataset, digest: '' }).toEqual({ ...plain.dataset, digest: '' })
    expect(dataset.times[0]).toBe(1_400_000_000_000)
  })

  it('read all that is known of an item, lists as JSON or with | between', async () => {
    const whole = {
      itemId: 's1',
      domain: 'sport',
      title: 'Ball',
      brand: 'Acme',
      categories: ['Balls', 'Toys'],
      price: 1299.5,
      date: '2020-01-01',
      features: ['round'],
      description: 'One. Two.',
    }
    const asCsv = `item_id,domain,title,brand,categories,price,date,features,description
s1,sport,Ball,Acme,Balls|Toys,"$1,299.50",2020-01-01,round,One. Two.\n`
    const asJson = JSON.stringify({ ...whole, categories: [['Balls', 'Toys'], ['Balls']], description: ['One.', 'Two.'] })
    const asParquet = await parquet(`SELECT 's1' AS item_id, 'sport' AS domain, 'Ball' AS title, 'Acme' AS brand,
      ['Balls', 'Toys'] AS categories, 1299.5 AS price, DATE '2020-01-01' AS date, ['round'] AS features,
      'One. Two.' AS description`)
    for (const items of [{ 'items.csv': asCsv }, { 'items.jsonl': asJson }, { 'items.parquet': asParquet }]) {
      const { item } = await prepared({ 'interactions.csv': EVENTS, ...items } as Files)
      expect(item('s1')).toEqual(whole)
    }
  })

  it('let a title of a CSV file have line breaks, and an unclosed quote spoil its own line only', async () => {
    const { badRows, manifest, item } = await prepared({
      'interactions.csv': EVENTS,
      'items.csv': 'item_id,domain,title\ns1,sport,"Ball\n""red"", large"\ns2,sport,"Bat\nc1,cloth,"Cap"\n',
    })
    expect(item('s1').title).toBe('Ball "red", large')
    expect(item('c1').title).toBe('Cap')
    expect(badRows).toEqual([
      { file: 'items.csv', line: 4, reason: 'a quote is not closed, or stands inside a field' },
    ])
    expect(manifest.badRows).toMatchObject({ items: { rows: 3, bad: 1 } })
  })

  const refused: [string, string, Files, object][] = [
    ['a column that is missing', 'column_missing', { 'interactions.csv': 'user_id,item_id,timestamp\n' }, { field: 'domain' }],
    ['an empty file', 'column_missing', { 'interactions.csv': '' }, { field: 'user_id' }],
    ['a misspelt key', 'column_missing', { 'interactions.jsonl': '{"user":"ann","item_id":"s1"}' }, { field: 'user_id' }],
    ['gzip that was cut off', 'input_unreadable', { 'interactions.csv.gz': gzipSync(EVENTS.repeat(50)).subarray(0, 150) }, {}],
    ['gzip that is none', 'input_unreadable', { 'interactions.csv.gz': EVENTS }, {}],
    ['Parquet that is none', 'input_unreadable', { 'interactions.parquet': EVENTS }, {}],
    ['no interactions', 'input_missing', {}, {}],
    ['no sound row', 'dataset_empty', { 'interactions.csv': `${HEADER}\nann,s1,sport,soon\n` }, {}],
  ]
  it('refuse a Parquet column of lists where a text belongs', async () => {
    const lists = await parquet(`SELECT * REPLACE ([user_id] AS user_id) FROM (${sql})`)
    await expect(prepared({ 'interactions.parquet': lists, 'items.csv': ITEMS }))
      .rejects.toMatchObject({ code: 'input_unreadable', place: { field: 'user_id' } })
  })

  it.each(refused)('refuse %s (%s)', async (_name, code, files, place) => {
    await expect(prepared({ 'items.csv': ITEMS, ...files })).rejects.toMatchObject({ code, place })
  })
})
