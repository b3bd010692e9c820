import { gunzipSync } from 'node:zlib'
import { type BundleHistory, type BundleItem, files, type Golden } from '../../bundle/layout.ts'
import type { BundleDomain, EncoderFacts } from '../../bundle/manifest.ts'
import type { Bundle } from '../../bundle/open.ts'
import { latest } from '../../data/window.ts'
import type { UserEncoder } from '../../encode/user-encoder.ts'
import { byScore, dot } from '../../retrieve/vector-table.ts'
import { spreadUsers } from './real-histories.ts'

/** A domain that a bundle gets after its training. */
export interface AddedDomain {
  readonly domain: BundleDomain
  /** In the order of their ids, and so of the rows below. */
  readonly items: readonly BundleItem[]
  /** As the embedder gave them: [items, raw width]. */
  readonly raw: Float32Array
  /** Item vectors: [items, userWidth]. */
  readonly vectors: Float32Array
}

const QUERIES = 300
const AT_ONCE = 64
const ANSWERS = 10

/** Item vectors of a bundle by item id, from its own tables. */
export async function readVectors (bundle: Bundle): Promise<ReadonlyMap<string, Float32Array>> {
  const width = bundle.manifest.encoder.userWidth
  const vectors = new Map<string, Float32Array>()
  for (const { name, items } of bundle.manifest.domains) {
    const rows = await bundle.readFloats(files.vectors(name), items * width)
    const lines = (await bundle.readText(files.items(name))).split('\n')
    for (let row = 0; row < items; row++) {
      vectors.set((JSON.parse(lines[row]!) as BundleItem).itemId, rows.subarray(row * width, (row + 1) * width))
    }
  }
  return vectors
}

/** Histories of a bundle, evenly spread over its users; none where it was exported without. */
export async function sampleHistories (bundle: Bundle): Promise<readonly BundleHistory[]> {
  if (!bundle.has(files.histories)) return []
  const users = gunzipSync(await bundle.read(files.histories)).toString('utf8').split('\n').filter((line) => line !== '')
  return spreadUsers({ users }, QUERIES).map((user) => JSON.parse(users[user]!) as BundleHistory)
}

/**
 * User vectors of histories of item ids, which are of no domain here: [histories, userWidth].
 * @param vectors as `readVectors` gives them
 */
export async function userVectors (
  encoder: UserEncoder, { windowLength, userWidth: width }: EncoderFacts, vectors: ReadonlyMap<string, Float32Array>,
  histories: ReadonlyArray<readonly string[]>
): Promise<Float32Array> {
  const windows = histories.map((history) =>
    latest(history.flatMap((itemId) => vectors.get(itemId) ?? []), windowLength))
  const all = new Float32Array(windows.length * width)
  for (let from = 0; from < windows.length; from += AT_ONCE) {
    const some = windows.slice(from, from + AT_ONCE)
    all.set(await encoder.encode(some.map((window) => window.map((vector) => ({ vector, own: false })))), from * width)
  }
  return all
}

/** The histories of a bundle's golden answers, each once. */
export function goldenHistories ({ cases }: Golden): string[][] {
  return [...new Set(cases.map(({ history }) => JSON.stringify(history)))].map((text) => JSON.parse(text) as string[])
}

/**
 * What an engine must answer in a new domain, by a scan of its own.
 * @param users of the histories: [histories, width]
 */
export function goldenFor (
  { domain: { name }, items, vectors }: AddedDomain, histories: readonly string[][], users: Float32Array
): Golden['cases'][number][] {
  const width = users.length / histories.length
  return histories.map((history, u) => {
    const user = users.subarray(u * width, (u + 1) * width)
    const hits = items.map((_, row) => ({ row, score: dot(user, vectors.subarray(row * width, (row + 1) * width)) }))
    const best = hits.sort(byScore).slice(0, ANSWERS)
    return { domain: name, history, items: best.map(({ row, score }) => ({ itemId: items[row]!.itemId, score })) }
  })
}
