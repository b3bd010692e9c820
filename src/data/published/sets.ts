import { IsthmusError } from '../../errors.ts'
import type { PrepareSettings } from '../prepare-settings.ts'
import { AMAZON_2023_SIZES, BOOK_MOVIE, CLOTH_SPORT, ELECTRONIC_PHONE, FOOD_KITCHEN } from './figures.ts'
import type { PublishedFigures } from './figures.ts'
import { amazon2018, amazon2023, doubanBooks, doubanMovies } from './layouts.ts'
import type { PublishedDomain } from './layouts.ts'

/** A data set of a paper: what files it is made of, how the paper filtered it, and what the paper says came out. */
export interface PublishedSet {
  readonly name: string
  /** Where the files are found. */
  readonly origin: string
  readonly domains: readonly PublishedDomain[]
  /** In place of the defaults of `prepare`; a flag or a config file wins over them. */
  readonly settings: Partial<PrepareSettings>
  readonly figures: PublishedFigures
  /** Where the paper is silent or its code does something else, and what is done here. */
  readonly notes: readonly string[]
}

const AMAZON_2018 = 'https://cseweb.ucsd.edu/~jmcauley/datasets/amazon_v2/'
const AMAZON_2023 = 'https://amazon-reviews-2023.github.io/'
const DOUBAN = 'https://www.kaggle.com/datasets/fengzhujoey/douban-datasetratingreviewside-information'

const CORE_5_3 = { kCore: { user: 5, item: 3 }, ratingAbove: 0 } as const
const WHOLE_CORE = 'users and items are filtered until both counts hold at once, users over all domains; the published ' +
  'code stops earlier'
const REPEATED = 'an item in the files of two domains counts in the one it is first seen in'

export const PUBLISHED_SETS: readonly PublishedSet[] = [
  {
    name: 'amazon-v2-cloth-sport',
    origin: AMAZON_2018,
    domains: [
      amazon2018('cloth', 'clothing', 'Clothing_Shoes_and_Jewelry'),
      amazon2018('sport', 'sports', 'Sports_and_Outdoors'),
    ],
    settings: { ...CORE_5_3, after: 1_514_736_000_000, before: 1_577_808_000_000 },
    figures: CLOTH_SPORT,
    notes: [WHOLE_CORE, REPEATED],
  },
  {
    name: 'amazon-v2-electronic-phone',
    origin: AMAZON_2018,
    domains: [
      amazon2018('electronic', 'electronics', 'Electronics'),
      amazon2018('phone', 'cell phone', 'Cell_Phones_and_Accessories'),
    ],
    settings: { ...CORE_5_3, after: 1_500_000_000_000, before: 1_600_000_000_000 },
    figures: ELECTRONIC_PHONE,
    notes: [WHOLE_CORE, REPEATED],
  },
  {
    name: 'amazon-v2-food-kitchen',
    origin: AMAZON_2018,
    domains: [
      amazon2018('food', 'grocery', 'Grocery_and_Gourmet_Food'),
      amazon2018('kitchen', 'home and kitchen', 'Home_and_Kitchen'),
    ],
    settings: { ...CORE_5_3, after: 1_514_736_000_000, before: 1_577_808_000_000 },
    figures: FOOD_KITCHEN,
    notes: ['the time window is not published; that of amazon-v2-cloth-sport is taken', WHOLE_CORE, REPEATED],
  },
  {
    name: 'douban-book-movie',
    origin: DOUBAN,
    domains: [doubanBooks(), doubanMovies()],
    settings: {
      kCore: { user: 5, item: 3 }, after: Date.UTC(2016, 0, 1), before: Date.UTC(2016, 11, 31),
    },
    figures: BOOK_MOVIE,
    notes: [
      'the paper filters 5 and 3, its code makes one pass with 2 and 3 (--k-core 2,3 is nearer to that)',
      'item ids get the domain in front: both domains number their items from 1',
    ],
  },
  {
    name: 'amazon-2023-industrial-games-music',
    origin: AMAZON_2023,
    domains: [
      amazon2023('industrial', 'industrial and scientific', 'Industrial_and_Scientific'),
      amazon2023('games', 'video games', 'Video_Games'),
      amazon2023('music', 'musical instruments', 'Musical_Instruments'),
    ],
    // The year 2018 counts, and the bound does not.
    settings: { kCore: { user: 5, item: 5 }, after: Date.UTC(2018, 0, 1) - 1, textRequired: true },
    figures: AMAZON_2023_SIZES,
    notes: [
      'the paper filters each domain by itself, in one pass; --domains industrial (or games, music) prepares one alone',
      REPEATED,
    ],
  },
]

/** Throws `config_invalid` for a name that is none. */
export function publishedSet (name: string): PublishedSet {
  const found = PUBLISHED_SETS.find((set) => set.name === name)
  if (found !== undefined) return found
  throw new IsthmusError('config_invalid', `source is one of ${PUBLISHED_SETS.map((set) => set.name).join(', ')}`, {
    place: { field: 'source' },
  })
}
