import { gzipSync } from 'node:zlib'
import type { Files } from '../shop.ts'

/** Made up here, each in the format of a published set: three users, each with two events in either domain. */
interface Event { readonly user: string, readonly item: string, readonly seconds: number, readonly rating?: number }

const USERS = ['A1', 'A2', 'A3']
const DAY = 86_400

/** Each user has the two items of `items` on days that follow; `start` is a unix time in seconds. */
export function eventsOf (items: readonly [string, string], start: number): Event[] {
  return USERS.flatMap((user, u) => items.map((item, i) => ({ user, item, seconds: start + (10 * u + i) * DAY })))
}

export const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** A review as Amazon's reviews of 2018 have it. */
export function review2018 ({ user, item, seconds, rating = 5 }: Event): object {
  return {
    overall: rating,
    verified: true,
    reviewTime: '02 14, 2019',
    reviewerID: user,
    asin: item,
    style: { 'Size:': ' M' },
    reviewText: 'Fits, "well"\n',
    summary: 'Fine',
    unixReviewTime: seconds,
  }
}

export function meta2018 (item: string, more: object = {}): object {
  return {
    category: ['Clothing', 'Socks'],
    description: ['Warm.', 'Soft.'],
    title: `Title of ${item}`,
    also_buy: [],
    brand: 'Acme',
    feature: ['Wool'],
    date: '5 star5 star (0%)',
    price: '$12.50',
    asin: item,
    details: {},
    ...more,
  }
}

export function review2023 ({ user, item, seconds, rating = 4 }: Event): object {
  return {
    rating,
    title: 'Good',
    text: 'As told',
    images: [],
    asin: `${item}-red`,
    parent_asin: item,
    user_id: user,
    timestamp: seconds * 1000 + 7,
    helpful_vote: 0,
    verified_purchase: true,
  }
}

export function meta2023 (item: string, more: object = {}): object {
  return {
    main_category: 'Tools',
    title: `Title of ${item}`,
    average_rating: 4.5,
    rating_number: 12,
    features: ['Steel'],
    description: [],
    price: 9.5,
    images: [],
    videos: [],
    store: 'Acme',
    categories: ['Tools', 'Saws'],
    details: { Weight: '1 kg', 'Date First Available': 'March 3, 2019' },
    parent_asin: item,
    bought_together: null,
    ...more,
  }
}

/** A table as R writes it: tabs, every text in quotes, a quote inside one with a backslash. */
export function tsv (header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [header, ...rows].map((row) => `${row.map((text) => `"${text.replaceAll('"', '\\"')}"`).join('\t')}\n`).join('')
}

const date = (seconds: number): string => new Date(1000 * seconds).toISOString().slice(0, 10)
const BOOKS = ['user_id', 'book_id', 'rating', 'labels', 'comment', 'time', 'ID']
const FILMS = ['user_id', 'movie_id', 'rating', 'comment', 'time', 'labels', 'like', 'ID']
const FILM_LIST = ['movie_id', 'name', 'director', 'summary', 'writer', 'country', 'pubdate', 'language', 'tag', 'UID']

export const bookReviews = (events: readonly Event[], labels = '小说|中国', comment = '好'): string =>
  tsv(BOOKS, events.map(({ user, item, seconds }, n) => [user, item, '4', labels, comment, date(seconds), String(n)]))
export const filmReviews = (events: readonly Event[], comment = '好'): string =>
  tsv(FILMS, events.map(({ user, item, seconds }, n) => [user, item, '4', comment, date(seconds), '', '0', String(n)]))
export const filmList = (ids: readonly string[]): string => tsv(FILM_LIST, ids.map((id) =>
  [`129${id}`, `片 ${id}`, '侯孝贤', '一个 "故事"', '', '台湾', '1989-09-15', '国语', "['剧情', '历史']", id]))

const IN_2019 = 1_550_000_000
const IN_2016 = Date.UTC(2016, 5, 1) / 1000

/** The files of a set, with nothing wrong in them; the second domain's are compressed. */
export const RAW = {
  'amazon-v2-cloth-sport': amazon2018(['Clothing_Shoes_and_Jewelry', 'Sports_and_Outdoors'], IN_2019),
  'amazon-v2-electronic-phone': amazon2018(['Electronics', 'Cell_Phones_and_Accessories'], IN_2019),
  'amazon-v2-food-kitchen': amazon2018(['Grocery_and_Gourmet_Food', 'Home_and_Kitchen'], IN_2019),
  'douban-book-movie': {
    'bookreviews_cleaned.txt': bookReviews(eventsOf(['1', '2'], IN_2016)),
    'moviereviews_cleaned.txt': filmReviews(eventsOf(['1', '2'], IN_2016 + 3 * DAY)),
    'movies_cleaned.txt': filmList(['1', '2']),
  },
  'amazon-2023-industrial-games-music': Object.fromEntries(
    ['Industrial_and_Scientific', 'Video_Games', 'Musical_Instruments'].flatMap((category, k) => {
      const items = [`${k}a`, `${k}b`] as const
      return [
        [`${category}.jsonl`, lines(eventsOf([...items], IN_2019 + k * 2 * DAY).map(review2023))],
        [`meta_${category}.jsonl.gz`, gzipSync(lines(items.map((item) => meta2023(item))))],
      ]
    })),
} as const satisfies Readonly<Record<string, Files>>

function amazon2018 ([first, second]: readonly [string, string], start: number): Files {
  return {
    [`${first}.json`]: lines(eventsOf(['a1', 'a2'], start).map(review2018)),
    [`meta_${first}.json`]: lines([meta2018('a1'), meta2018('a2'), meta2018('a9')]),
    [`${second}_5.json.gz`]: gzipSync(lines(eventsOf(['b1', 'b2'], start + 3 * DAY).map(review2018))),
    [`meta_${second}.json.gz`]: gzipSync(lines([meta2018('b1'), meta2018('b1'), meta2018('b2')])),
  }
}
