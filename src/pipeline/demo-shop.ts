import { createRandom } from '../random.ts'
import type { Random } from '../random.ts'
import { BRANDS, CLOTH, COLOURS, PERSONAS, SPORT, SYLLABLES } from './demo-shop-words.ts'
import type { Theme } from './demo-shop-words.ts'

/** A product of the generated shop, as a shop's own export would describe it. */
export interface ShopItem {
  readonly item_id: string
  readonly domain: 'sport' | 'cloth'
  readonly title: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price: number
}

export interface ShopEvent {
  readonly userId: string
  readonly item: ShopItem
  /** Unix milliseconds; of one user, each later than the one before. */
  readonly timestamp: number
}

export interface Shop {
  readonly items: readonly ShopItem[]
  /** User after user, in time order. */
  readonly events: readonly ShopEvent[]
}

export interface ShopSettings {
  readonly seed: number
  readonly users: number
}

/** What a purchase is drawn from: an item with what only the generator knows of it. */
interface Product {
  readonly item: ShopItem
  readonly brand: string | undefined
  readonly colours: number
  readonly appeal: number
}

/** Products by theme, kind and variant. */
type Shelves = ReadonlyMap<string, ReadonlyArray<readonly Product[]>>

interface Taste {
  readonly persona: Readonly<Record<string, number>>
  readonly brands: ReadonlySet<string>
  readonly colours: number
}

/**
 * Shares of items of no brand, and of items whose entry is a title and a price: as in real catalogues, and so that a
 * model learns to place an item of which no more is known.
 */
const UNBRANDED = 0.2
const BARE = 0.35
/** The share of items whose title has a model's name, a word that says nothing: a model learns to look past it. */
const NAMED = 0.65

const VARIANTS = { sport: 8, cloth: 10 } as const
const DAY_MS = 86_400_000
const OPENED_MS = Date.UTC(2022, 0, 3)
const OPEN_DAYS = 540

/** How a shopper goes on: within a theme to what is needed next, or to a theme of the other domain. */
const NEXT_IN_THEME = 0.65
const CROSS = 0.35
const SESSION_ENDS = 0.3
/** The share of shoppers who never buy in the other domain. */
const ONE_DOMAIN = 0.15

/**
 * A made-up shop of two domains. Shoppers have interests that lie in both, are loyal to brands that sell in both, and
 * tend to one family of colours; within a theme they buy things in the order in which they come to need them. So a
 * purchase in one domain tells of purchases in the other. Equal settings give equal shops.
 */
export function generateShop ({ seed, users }: ShopSettings): Shop {
  const stock = [
    ...stockOf('sport', SPORT, createRandom(seed, 'demo/sport')),
    ...stockOf('cloth', CLOTH, createRandom(seed, 'demo/cloth')),
  ]
  const shelves = new Map(stock)
  const sports = new Set(SPORT.map(({ name }) => name))
  const random = createRandom(seed, 'demo/users')
  const events = Array.from({ length: users }, (_, u) =>
    purchases(`u${String(u + 1).padStart(4, '0')}`, tasteOf(random), shelves, sports, random)).flat()
  const items = stock.flatMap(([, kinds]) => kinds.flat().map(({ item }) => item))
  return { items: items.sort((a, b) => a.item_id < b.item_id ? -1 : 1), events }
}

function stockOf (
  domain: ShopItem['domain'], themes: readonly Theme[], random: Random
): Array<[string, Product[][]]> {
  const kinds = themes.reduce((sum, theme) => sum + theme.kinds.length, 0)
  // Ids in no order of themes: what two ids have in common says nothing.
  const numbers = random.shuffle(Int32Array.from({ length: kinds * VARIANTS[domain] }, (_, i) => i + 1))
  let next = 0
  return themes.map((theme) => [theme.name, theme.kinds.map(([kind, usual]) => {
    const variants = random.shuffle(Int32Array.from({ length: theme.brands.length * COLOURS.length }, (_, i) => i))
    return Array.from(variants.subarray(0, VARIANTS[domain]), (variant) => {
      const brand = random.next() < UNBRANDED ? undefined : theme.brands[variant % theme.brands.length]!
      const colours = Math.floor(variant / theme.brands.length)
      const price = usual * (brand === undefined ? 0.6 : BRANDS[brand]!) * (0.9 + 0.2 * random.next())
      const bare = random.next() < BARE
      const model = random.next() < NAMED ? modelName(random) : undefined
      const words = [brand, model, pick(theme.qualities, random), kind].filter((word) => word !== undefined).join(' ')
      const item: ShopItem = {
        item_id: `${domain}-${String(numbers[next++]).padStart(4, '0')}`,
        domain,
        title: `${words}, ${pick(COLOURS[colours]!, random)}`,
        ...(!bare && brand !== undefined && { brand }),
        ...(!bare && { categories: [domain === 'sport' ? 'Sport' : 'Clothing', theme.name] }),
        price: Math.max(1, Math.round(price)) - 0.01,
      }
      return { item, brand, colours, appeal: random.normal() }
    })
  })])
}

function modelName (random: Random): string {
  const name = Array.from({ length: 2 + random.integer(2) }, () => pick(SYLLABLES, random)).join('')
  const number = random.next() < 0.4 ? ` ${2 + random.integer(8)}` : ''
  return `${name[0]!.toUpperCase()}${name.slice(1)}${number}`
}

function tasteOf (random: Random): Taste {
  const whole = Object.entries(PERSONAS[random.integer(PERSONAS.length)]!)
  const only = random.next() < ONE_DOMAIN ? pick([SPORT, CLOTH], random) : undefined
  const persona = whole.filter(([theme]) => only === undefined || only.some(({ name }) => name === theme))
  const favourite = [...persona].sort(([, a], [, b]) => b - a)[0]![0]
  const { brands } = [...SPORT, ...CLOTH].find(({ name }) => name === favourite)!
  return {
    persona: Object.fromEntries(persona),
    brands: new Set([pick(brands, random), pick(brands, random)]),
    colours: random.integer(COLOURS.length),
  }
}

function purchases (
  userId: string, taste: Taste, shelves: Shelves, sports: ReadonlySet<string>, random: Random
): ShopEvent[] {
  const wanted = Math.round(Math.min(60, 8 + Math.exp(2.1 + 0.8 * random.normal())))
  const places = new Map<string, number>()
  const bought = new Set<ShopItem>()
  const events: ShopEvent[] = []
  let time = OPENED_MS + Math.floor(random.next() * OPEN_DAYS * DAY_MS)
  let theme = chooseTheme(taste, () => true, random)!
  while (events.length < wanted) {
    const kinds = shelves.get(theme)!
    const place = random.next() < NEXT_IN_THEME && places.has(theme)
      ? (places.get(theme)! + 1) % kinds.length
      : random.integer(kinds.length)
    places.set(theme, place)
    const item = chooseProduct(kinds[place]!, taste, bought, random)
    if (item !== undefined) {
      bought.add(item)
      events.push({ userId, item, timestamp: time })
    }
    if (random.next() < SESSION_ENDS) {
      time += Math.ceil((1 - 9 * Math.log(1 - random.next())) * DAY_MS)
      theme = chooseTheme(taste, () => true, random)!
    } else {
      time += 30_000 + random.integer(600_000)
      const here = sports.has(theme)
      if (random.next() < CROSS) theme = chooseTheme(taste, (name) => sports.has(name) !== here, random) ?? theme
    }
  }
  return events
}

/** Undefined where the shopper wants nothing of what is allowed. */
function chooseTheme ({ persona }: Taste, allowed: (theme: string) => boolean, random: Random): string | undefined {
  const themes = Object.entries(persona).filter(([name]) => allowed(name))
  if (themes.length === 0) return undefined
  return themes[draw(themes.map(([, weight]) => weight), random)]![0]
}

/** Nobody buys one thing twice; undefined where all of a kind are bought. */
function chooseProduct (
  variants: readonly Product[], { brands, colours }: Taste, bought: ReadonlySet<ShopItem>, random: Random
): ShopItem | undefined {
  const left = variants.filter(({ item }) => !bought.has(item))
  if (left.length === 0) return undefined
  const weights = left.map(({ brand, colours: family, appeal }) => Math.exp(
    (brand !== undefined && brands.has(brand) ? 2.2 : 0) + (family === colours ? 1.4 : 0) + 0.5 * appeal
  ))
  return left[draw(weights, random)]!.item
}

function pick<T> (values: readonly T[], random: Random): T {
  return values[random.integer(values.length)]!
}

/** An index, each as likely as its weight says. */
function draw (weights: readonly number[], random: Random): number {
  let rest = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  const found = weights.findIndex((weight) => (rest -= weight) < 0)
  return found < 0 ? weights.length - 1 : found
}
