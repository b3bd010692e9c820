import type { DuckDBValue } from '@duckdb/node-api'
import { IsthmusError } from '../errors.ts'
import { collectBadRows, mergeBadRows } from './bad-rows.ts'
import type { BadRows } from './bad-rows.ts'
import type { Column } from './columns.ts'
import type { Item } from './dataset.ts'
import type { Database } from './duckdb.ts'
import { readPart } from './part.ts'
import { domainRule, idRule } from './rules.ts'
import type { Layout, Source } from './sources.ts'
import { tidyText } from './text.ts'

/** Tags kept of an item that is known by its reviewers' tags alone. */
const TAGS = 20

const TEXTS = ['title', 'brand', 'categories', 'price', 'date', 'features', 'description'] as const
const COLUMNS: readonly Column[] = [
  { name: 'item_id', alias: 'itemId', required: true, type: 'text or number' },
  { name: 'domain', required: true, type: 'text' },
  { name: 'title', required: true, type: 'text' },
  { name: 'brand' },
  { name: 'categories', nested: true },
  { name: 'price' },
  { name: 'date' },
  { name: 'features', nested: true },
  { name: 'description', nested: true },
]

/**
 * Reads item descriptions into the table `items`, one row an item: where an id comes again, the first row counts and
 * the other is a bad one (published files repeat themselves: there it is left out). Needs the table `events`. Throws
 * `item_in_two_domains` where items and events do not agree on an item's domain.
 */
export async function stageItems (db: Database, sources: readonly Source[]): Promise<BadRows> {
  const texts = TEXTS.map((name) => `${name} VARCHAR`).join(', ')
  await db.run(`CREATE TABLE items (item_id VARCHAR, domain VARCHAR, ${texts});
    CREATE TABLE item_domains AS SELECT DISTINCT item_id, domain FROM events`)
  const parts: BadRows[] = []
  for (const source of sources) {
    if (source.layout !== undefined) {
      parts.push(await stagePublishedItems(db, source, source.layout))
      continue
    }
    await readPart(db, source, COLUMNS, (rows) => `SELECT n, item_id, domain, ${TEXTS.join(', ')},
      coalesce(problem, ${idRule('item_id')}, ${domainRule}) AS reason FROM (${rows})`, true)
    await db.run('INSERT INTO item_domains SELECT DISTINCT item_id, domain FROM part WHERE reason IS NULL')
    await db.run(`UPDATE part SET reason = 'item_id was given before' WHERE reason IS NULL AND (
      item_id IN (SELECT item_id FROM items) OR n NOT IN (
        SELECT min(n) FROM part WHERE reason IS NULL GROUP BY item_id))`)
    parts.push(await collectBadRows(db, source))
    await db.run(`INSERT INTO items SELECT item_id, domain, ${TEXTS.join(', ')} FROM part WHERE reason IS NULL;
      DROP TABLE part`)
  }
  await refuseTwoDomains(db)
  return mergeBadRows(parts)
}

/** Items of a published file that have events in its domain: a catalogue is far larger than what was bought. */
async function stagePublishedItems (db: Database, source: Source, { tags }: Layout): Promise<BadRows> {
  const columns = tags === true ? COLUMNS.map((column) => ({ ...column, required: column.name === 'item_id' })) : COLUMNS
  await readPart(db, source, columns, (rows) => `SELECT n, item_id, domain, ${TEXTS.join(', ')},
    coalesce(problem, ${idRule('item_id')}) AS reason FROM (${rows})`)
  const bad = await collectBadRows(db, source)
  const bought = `FROM part SEMI JOIN item_domains USING (item_id, domain) WHERE reason IS NULL
    AND item_id NOT IN (SELECT item_id FROM items)`
  if (tags === true) await db.run(tagsSql(bought))
  else {
    await db.run(`INSERT INTO items SELECT item_id, domain, ${TEXTS.join(', ')} ${bought}
      QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY n) = 1`)
  }
  await db.run('DROP TABLE part')
  return bad
}

/** The tags that most reviewers gave an item, the most frequent first, with | between as the file has them. */
function tagsSql (reviews: string): string {
  const each = `SELECT item_id, domain, trim(unnest(string_split(categories, '|'))) AS tag ${reviews}`
  return `INSERT INTO items BY NAME SELECT item_id, domain, string_agg(tag, '|' ORDER BY count DESC, tag) AS categories
    FROM (SELECT item_id, domain, tag, count(*) AS count FROM (${each}) WHERE tag <> '' GROUP BY item_id, domain, tag
      QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY count DESC, tag) <= ${TAGS}) GROUP BY ALL`
}

async function refuseTwoDomains (db: Database): Promise<void> {
  const both = await db.rows<{ item_id: string, domains: string, total: number }>(`
    SELECT item_id, string_agg(DISTINCT domain, ' and ' ORDER BY domain) AS domains, (count(*) OVER ())::DOUBLE AS total
    FROM item_domains GROUP BY item_id HAVING count(DISTINCT domain) > 1 ORDER BY item_id LIMIT 3`)
  await db.run('DROP TABLE item_domains')
  if (both.length === 0) return
  const examples = both.map(({ item_id: id, domains }) => `${id} (${domains})`).join(', ')
  throw new IsthmusError('item_in_two_domains',
    `an item belongs to one domain; ${both[0]!.total} item(s) are in more: ${examples}`, { place: { field: 'domain' } })
}

/** The columns that `itemOf` reads, in its order. */
export const ITEM_COLUMNS = ['item_id', 'domain', ...TEXTS] as const

/** The service's limits, in code points; longer texts and lists are cut. */
const LIMITS = { title: 512, name: 256, feature: 1024, description: 4096, list: 100, price: 1e12 }

/** An item from the columns `ITEM_COLUMNS`; what its owner left out or wrote unreadably is absent. */
export function itemOf (row: readonly DuckDBValue[]): Item {
  const [itemId, domain, title, brand, categories, price, date, features, description] = row.map((value) => (
    typeof value === 'string' ? value : undefined))
  const line = (text: string | undefined, limit: number): string | undefined => (
    text === undefined ? undefined : tidyText(text, limit))
  const optional = {
    title: line(title, LIMITS.title),
    brand: line(brand, LIMITS.name),
    categories: listOf(categories, LIMITS.name),
    price: priceOf(price),
    date: line(date, LIMITS.name),
    features: listOf(features, LIMITS.feature),
    // Amazon gives descriptions as a list of paragraphs.
    description: line(paragraphsOf(description)?.join(' ') ?? description, LIMITS.description),
  }
  const known = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return { itemId: itemId!, domain: domain!, ...known }
}

/** A JSON list (nested ones flattened, as Amazon's categories are), Python's `['a', 'b']`, or texts with | between. */
function listOf (text: string | undefined, limit: number): readonly string[] | undefined {
  if (text === undefined) return undefined
  const texts = (paragraphsOf(text) ?? /^\['(.*)'\]$/.exec(text)?.[1]?.split("', '") ?? text.split('|')).slice(0, LIMITS.list)
    .map((value) => tidyText(value, limit)).filter((value) => value !== undefined)
  return texts.length === 0 ? undefined : [...new Set(texts)]
}

/** The texts of a JSON list; undefined where `text` is none. */
function paragraphsOf (text: string | undefined): string[] | undefined {
  if (text?.startsWith('[') !== true) return undefined
  try {
    const values = JSON.parse(text) as unknown
    return Array.isArray(values) ? values.flat(3).filter((value) => typeof value === 'string') : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** `12.5`, `$12.50` or `1,299.00`; anything else, and a range, is no price. */
function priceOf (text: string | undefined): number | undefined {
  const digits = /^[^\d\s-]{0,3}\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,13}(?:\.\d+)?)$/.exec(text ?? '')?.[1]
  const price = Number(digits?.replaceAll(',', ''))
  return price <= LIMITS.price ? price : undefined
}
