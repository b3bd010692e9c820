import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BundleHistory, type BundleItem, files, type Golden } from '../../src/bundle/layout.ts'
import type { Manifest } from '../../src/bundle/manifest.ts'
import { writeBundle } from '../../src/bundle/write.ts'
import { writeNumbers } from '../../src/files/write.ts'
import { createGraph } from '../../src/onnx/graph-builder.ts'
import { createRandom, hash32 } from '../../src/random.ts'

export interface TinyBundleOptions {
  /** Root of the bundle (models/<name>); default: a new temporary directory, removed by `close`. */
  readonly root?: string
  readonly name?: string
  /** Id and width of the embedder; the vectors come from `embedText` (default: hashed words). */
  readonly embedder?: { readonly id: string, readonly width: number }
  readonly embedText?: (text: string) => Float32Array
  readonly itemsPerDomain?: number
  readonly users?: number
  readonly seed?: number
  readonly windowLength?: number
  /** Unix milliseconds written as the moment of creation. */
  readonly now?: number
  readonly withHistories?: boolean
  /** A map of users' texts: the item map turned round, so that its answers are those furthest from the text. */
  readonly profiles?: { readonly norm: number, readonly chat: string }
  /** False: a system without a local half; its vectors are the 16 numbers of the global one. */
  readonly withLocal?: boolean
  /** What the manifest says it is: `llm-recg`, without a local half, answers for domains that it does not have. */
  readonly system?: string
  /** What the manifest says of encoders in int8; they are what they are all the same. */
  readonly int8?: NonNullable<Manifest['int8']>
}

export interface TinyItem extends BundleItem {
  readonly domain: string
  readonly title: string
}

export interface TinyBundle {
  /** What holds CURRENT, and the version below it: `openBundle` takes both. */
  readonly root: string
  readonly dir: string
  readonly manifest: Manifest
  /** All items, domain by domain, sorted by itemId inside each. */
  readonly items: readonly TinyItem[]
  /** Item vectors, in the order of `items`: [items.length][32], or [16] without a local half. */
  readonly vectors: readonly Float32Array[]
  readonly histories: readonly BundleHistory[]
  /** The raw text embedding that the bundle is made from. */
  readonly embed: (text: string) => Float32Array
  /** What the encoder of `domain` must answer for a history: as wide as an item, unit norm, zeros for an empty one. */
  readonly userVector: (history: readonly TinyItem[], domain: string) => Float32Array
  readonly close: () => Promise<void>
}

const HALF = 16
const TOPICS = ['running', 'climbing', 'tennis', 'hiking', 'yoga', 'football']
const NOUNS: Record<string, readonly string[]> = {
  sport: ['ball', 'mat', 'racket', 'rope', 'bottle'], cloth: ['shirt', 'socks', 'jacket', 'cap', 'shorts']
}
const BRANDS = ['Alba', 'Borea', 'Cirrus']

/**
 * A small, valid bundle with two domains (`sport`, `cloth`; 60 items each unless told), item vectors of 16 + 16
 * numbers, raw width 384. Its encoder is a mean of the history's vectors, so what it must recommend can be computed
 * by hand: items that share words with the history. Same options, same bytes.
 */
export async function writeTinyBundle (options: TinyBundleOptions = {}): Promise<TinyBundle> {
  const { name = 'tiny', embedder = { id: 'hash/384', width: 384 }, itemsPerDomain = 60, users = 20, seed = 7, withLocal = true } = options
  const localHalf = withLocal ? HALF : 0
  const root = options.root ?? await mkdtemp(join(tmpdir(), 'isthmus-tiny-'))
  const embed = options.embedText ?? ((text: string) => hashWords(text, embedder.width))
  const domains = ['sport', 'cloth']
  const random = createRandom(seed, 'tiny-bundle')
  const map = (): Float32Array => Float32Array.from({ length: HALF * embedder.width + HALF },
    (_, i) => i < HALF * embedder.width ? random.normal() / Math.sqrt(HALF) : 0)
  const globalMap = map()
  const localMaps = new Map(domains.map((domain) => [domain, map()]))

  const items = domains.flatMap((domain) => makeItems(domain, itemsPerDomain))
  const raw = items.map(({ title }) => embed(title))
  const vectors = items.map(({ domain }, i) =>
    unit([...apply(globalMap, raw[i]!), ...(withLocal ? apply(localMaps.get(domain)!, raw[i]!) : [])]))
  const vectorOf = new Map(items.map(({ itemId }, i) => [itemId, vectors[i]!]))
  const userVector = (history: readonly TinyItem[], domain: string): Float32Array => {
    const mean = (rows: readonly Float32Array[], from: number): number[] => Array.from({ length: HALF },
      (_, i) => rows.reduce((sum, row) => sum + row[from + i]!, 0) / Math.max(1, rows.length))
    const of = (some: readonly TinyItem[]): Float32Array[] => some.map(({ itemId }) => vectorOf.get(itemId)!)
    const own = history.filter((item) => item.domain === domain)
    return unit([...mean(of(history), 0), ...(withLocal ? mean(of(own), HALF) : [])])
  }
  const histories = Array.from({ length: users }, (_, u): BundleHistory => ({
    userId: `user-${u}`,
    events: Array.from({ length: 3 + random.integer(8) },
      (_, e) => [items[random.integer(items.length)]!.itemId, 1_700_000_000_000 + e * 86_400_000]),
  }))

  const { dir, manifest } = await writeBundle(root, async (into) => {
    await writeNumbers(join(into, files.itemMap), globalMap)
    if (options.profiles) await writeNumbers(join(into, files.profileMap), globalMap.map((value) => -value))
    await writeNumbers(join(into, files.texts), flat(raw))
    for (const domain of domains) {
      const own = items.flatMap((item, i) => item.domain === domain ? [i] : [])
      await writeFile(join(into, files.encoder(domain)), meanEncoder(withLocal))
      if (withLocal) await writeNumbers(join(into, files.localMap(domain)), localMaps.get(domain)!)
      await writeNumbers(join(into, files.vectors(domain)), flat(own.map((i) => vectors[i]!)))
      await writeFile(join(into, files.items(domain)), own.map((i) => {
        const { domain: _, ...row } = items[i]!
        return JSON.stringify(row) + '\n'
      }).join(''))
      const popular = own.map((i, rank) => [items[i]!.itemId, 1 / (1 + rank)])
      await writeFile(join(into, files.popularity(domain)), JSON.stringify({ halfLifeDays: 180, items: popular }))
    }
    if (options.withHistories !== false) {
      await writeFile(join(into, files.histories), gzipSync(histories.map((h) => JSON.stringify(h) + '\n').join('')))
    }
    await writeFile(join(into, files.golden), JSON.stringify(golden()))
    return {
      name,
      system: options.system ?? 'tiny',
      preset: 'test',
      settings: {},
      seeds: { train: seed },
      dataDigest: 'tiny',
      embedder,
      encoder: {
        windowLength: options.windowLength ?? 50, globalWidth: HALF, localWidth: localHalf, userWidth: HALF + localHalf, itemNorm: 'unit'
      },
      domains: domains.map((domain) => ({ name: domain, items: itemsPerDomain })),
      metrics: {},
      retrieval: {},
      generated: true,
      ...(options.profiles && { userText: options.profiles }),
      ...(options.int8 && { int8: options.int8 }),
    }
  }, { now: () => options.now ?? 1_760_000_000_000 })

  function golden (): Golden {
    return {
      tolerance: 1e-4,
      cases: domains.map((domain) => {
        const history = [items[0]!, items[itemsPerDomain]!, items[1]!]
        const user = userVector(history, domain)
        const seen = new Set(history.map(({ itemId }) => itemId))
        const ranked = items.map((item, i) => ({ ...item, score: dot(user, vectors[i]!) }))
          .filter((item) => item.domain === domain && !seen.has(item.itemId))
          .map(({ itemId, score }) => ({ itemId, score }))
        ranked.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
        return { domain, history: history.map(({ itemId }) => itemId), items: ranked.slice(0, 10) }
      }),
    }
  }

  return {
    root,
    dir,
    manifest,
    items,
    vectors,
    histories,
    embed,
    userVector,
    close: async () => await rm(root, { recursive: true, force: true }),
  }
}

function makeItems (domain: string, count: number): TinyItem[] {
  return Array.from({ length: count }, (_, i): TinyItem => {
    const topic = TOPICS[i % TOPICS.length]!
    const noun = NOUNS[domain]![i % NOUNS[domain]!.length]!
    const itemId = `${domain}-${String(i).padStart(4, '0')}`
    const title = `${topic} ${noun} ${i}`
    // Every seventh item has a title alone: filters must not match what is not there.
    if (i % 7 === 6) return { itemId, domain, title }
    return { itemId, domain, title, brand: BRANDS[i % BRANDS.length]!, categories: [topic, noun], price: 5 + i }
  })
}

/** The contract of `user-<domain>.onnx` in its smallest form: unit([mean of globals ; mean of locals * has_local]). */
function meanEncoder (withLocal: boolean): Uint8Array {
  const graph = createGraph('tiny-user-encoder')
  const mean = (thread: string, length: string): string => {
    const x = graph.input(`x_${thread}`, 'float32', ['B', length, HALF])
    graph.input(`pos_${thread}`, 'int64', ['B', length])
    const mask = graph.input(`mask_${thread}`, 'bool', ['B', length])
    const real = graph.node('Unsqueeze', [graph.node('Cast', [mask], { to: 1 }), graph.integers([2])]) // [B, L, 1]
    const sum = graph.node('ReduceSum', [graph.node('Mul', [x, real]), graph.integers([1])], { keepdims: 0 }) // [B, d]
    const count = graph.node('ReduceSum', [real, graph.integers([1])], { keepdims: 0 }) // [B, 1]
    return graph.node('Div', [sum, graph.node('Max', [count, graph.scalar(1)])])
  }
  const global = mean('global', 'L')
  const joined = withLocal
    ? graph.node('Concat', [global, graph.node('Mul', [mean('local', 'M'), graph.input('has_local', 'float32', ['B', 1])])], { axis: 1 })
    : global
  const length = graph.node('ReduceL2', [joined], { axes: [1], keepdims: 1 })
  const user = graph.node('Div', [joined, graph.node('Max', [length, graph.scalar(1e-12)])])
  graph.output('user_vec', user, 'float32', ['B', (withLocal ? 2 : 1) * HALF])
  return graph.build()
}

/** Feature hashing over words, unit length: texts that share words are near. */
export function hashWords (text: string, width: number): Float32Array {
  const row = new Float32Array(width)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const hash = hash32(word)
    const at = hash % width
    row[at] = row[at]! + (hash & 0x10000 ? 1 : -1)
  }
  return unit(row)
}

/** F r + f for a map stored as F row-major [16, r.length], then f [16]. */
function apply (map: Float32Array, r: Float32Array): number[] {
  return Array.from({ length: HALF },
    (_, o) => dot(map.subarray(o * r.length, (o + 1) * r.length), r) + map[HALF * r.length + o]!)
}

function unit (values: ArrayLike<number>): Float32Array {
  const row = Float32Array.from(values)
  const length = Math.sqrt(dot(row, row))
  return length === 0 ? row : row.map((value) => value / length)
}

function dot (a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function flat (rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.length * (rows[0]?.length ?? 0))
  for (const [i, row] of rows.entries()) all.set(row, i * row.length)
  return all
}
