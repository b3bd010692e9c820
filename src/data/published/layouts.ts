import type { Layout, Source } from '../sources.ts'

/** One file that a domain needs: any of `names`, the first that is there, with or without `.gz`. */
export interface PublishedFile {
  readonly what: 'reviews' | 'items'
  readonly names: readonly string[]
  readonly format: Source['format']
  readonly layout: Layout
}

export interface PublishedDomain {
  readonly name: string
  /** What its items are called where a text is made of them. */
  readonly noun: string
  readonly files: readonly PublishedFile[]
}

/** A category of the Amazon reviews of 2018 ("v2"): the whole file, else the 5-core one, and the metadata. */
export function amazon2018 (name: string, noun: string, category: string): PublishedDomain {
  return {
    name,
    noun,
    files: [
      {
        what: 'reviews',
        names: [`${category}.json`, `${category}_5.json`],
        format: 'jsonl',
        layout: {
          domain: name,
          names: { user_id: 'reviewerID', item_id: 'asin', timestamp: 'unixReviewTime', rating: 'overall' },
        },
      },
      {
        what: 'items',
        names: [`meta_${category}.json`],
        format: 'jsonl',
        layout: { domain: name, names: { item_id: 'asin', categories: 'category', features: 'feature' } },
      },
    ],
  }
}

/** A category of the Amazon reviews of 2023: an item is its `parent_asin`, times are in milliseconds. */
export function amazon2023 (name: string, noun: string, category: string): PublishedDomain {
  return {
    name,
    noun,
    files: [
      {
        what: 'reviews',
        names: [`${category}.jsonl`],
        format: 'jsonl',
        layout: { domain: name, names: { item_id: 'parent_asin' } },
      },
      {
        what: 'items',
        names: [`meta_${category}.jsonl`],
        format: 'jsonl',
        layout: {
          domain: name,
          names: { item_id: 'parent_asin', brand: 'store', date: 'details."Date First Available"' },
        },
      },
    ],
  }
}

/** Douban's books: nothing but the tags of their reviewers is known of them. */
export function doubanBooks (): PublishedDomain {
  const layout = { domain: 'book', itemPrefix: 'book-', names: { item_id: 'book_id', timestamp: 'time' } }
  const file = { names: ['bookreviews_cleaned.txt'], format: 'tsv' } as const
  return {
    name: 'book',
    noun: 'book',
    files: [
      { ...file, what: 'reviews', layout },
      { ...file, what: 'items', layout: { ...layout, names: { item_id: 'book_id', categories: 'labels' }, tags: true } },
    ],
  }
}

/** Douban's films; the reviews name them by the column `UID` of the film list. */
export function doubanMovies (): PublishedDomain {
  const domain = { domain: 'movie', itemPrefix: 'movie-' }
  return {
    name: 'movie',
    noun: 'film',
    files: [
      {
        what: 'reviews',
        names: ['moviereviews_cleaned.txt'],
        format: 'tsv',
        layout: { ...domain, names: { item_id: 'movie_id', timestamp: 'time' } },
      },
      {
        what: 'items',
        names: ['movies_cleaned.txt'],
        format: 'tsv',
        layout: {
          ...domain,
          names: {
            item_id: 'UID', title: 'name', brand: 'director', categories: 'tag', date: 'pubdate', description: 'summary',
          },
        },
      },
    ],
  }
}
