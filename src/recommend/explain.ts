import { dot } from '../retrieve/vector-table.ts'
import type { DomainCatalogue, Place } from './catalogue.ts'
import type { DomainWeight, EngineAbout, Explanation, RankedItem, WeighedItem } from './engine.ts'
import { named, nearestInHistory } from './similar.ts'

/** Items of a history, the latest ones, that are left out one by one: what an explanation may cost. */
export const MOST_LEFT_OUT = 50

/** Windows in one encoder run: an explanation takes no more memory than a full batch of recommendations. */
const RUN = 64

/** An answer to explain, and what it was made from. */
export interface Explainable {
  /** The user vector that the items were scored with; absent where they are popular ones. */
  readonly user: Float32Array | undefined
  /** What was encoded, oldest first; empty where the answer does not rest on a history. */
  readonly window: readonly Place[]
  readonly items: readonly RankedItem[]
}

export interface ExplainDeps {
  readonly domain: DomainCatalogue
  readonly globalWidth: number
  readonly localWidth: number
  readonly threads: EngineAbout['threads']
  /** Windows, none of them empty -> user vectors [windows.length, globalWidth + localWidth], row-major. */
  readonly encode: (windows: ReadonlyArray<readonly Place[]>) => Promise<Float32Array>
  /** The same by the global thread alone, for a system whose threads read the same vectors. */
  readonly encodeGlobal: (windows: ReadonlyArray<readonly Place[]>) => Promise<Float32Array>
  readonly placeOf: (itemId: string) => Place
}

/**
 * Says of each answered item what its score is made of and what it rests on: the parts of the two threads, which are
 * the two halves of one dot product or, where the threads share vectors, what the global one gives alone and what the
 * local one adds; the items of the history most like it; and what the score would lose without each
 * of them, and without all of one domain, found by encoding the history again without it. All windows that differ are
 * encoded together.
 */
export async function explain (
  answers: readonly Explainable[], deps: ExplainDeps
): Promise<Array<{ readonly items: RankedItem[], readonly explanation?: Explanation }>> {
  const { domain, globalWidth, localWidth, threads, placeOf } = deps
  const width = globalWidth + localWidth
  const plans = answers.map(({ window }) => leaveOut(window))
  const places = answers.map(({ items }) => items.map(({ itemId }) => placeOf(itemId)))
  const isShared = threads.includes('local') && localWidth === 0
  const vectors = await encodeAll(plans.flatMap((plan) => plan.map(({ rest }) => rest)), width, deps.encode)
  const alone = isShared ? await encodeAll(answers.map(({ window }) => window), width, deps.encodeGlobal) : []
  let at = 0
  return answers.map(({ user, window, items }, a) => {
    if (user === undefined) return { items: [...items] }
    const plan = plans[a]!.map((one) => ({ ...one, user: vectors[at++]! }))
    return {
      explanation: {
        threads,
        leftOut: plan.filter((one) => one.item !== undefined).length,
      },
      items: items.map((item, i) => {
        const place = places[a]![i]!
        const vector = domain.index.vectors.vector(place.row)
        const score = dot(user, vector)
        const global = isShared && window.length > 0
          ? dot(alone[a]!, vector)
          : dot(user.subarray(0, globalWidth), vector.subarray(0, globalWidth))
        const parts = threads.includes('local') ? { global, local: Math.fround(score - global) } : { global }
        if (window.length === 0) return { ...item, parts }
        const weight = (without: Float32Array): number => Math.fround(score - dot(without, vector))
        return {
          ...item,
          parts,
          near: nearestInHistory(place, window, globalWidth),
          weighed: weighed(plan.flatMap((one) => one.item === undefined
            ? []
            : [{ ...named(one.item), weight: weight(one.user) }])),
          domains: plan.flatMap((one): DomainWeight[] => one.of === undefined
            ? []
            : [{ domain: one.of, weight: weight(one.user) }]),
        }
      }),
    }
  })
}

/** A history without one of its items, or without one of its domains. */
interface LeftOut {
  readonly rest: readonly Place[]
  readonly item?: Place
  readonly of?: string
}

/** An item bought twice is left out at both places. */
function leaveOut (window: readonly Place[]): LeftOut[] {
  const items = [...new Set(window.toReversed())].slice(0, MOST_LEFT_OUT)
  const domains = [...new Set(window.map((place) => place.domain.name))].sort()
  return [
    ...items.map((item) => ({ item, rest: window.filter((place) => place !== item) })),
    ...domains.map((of) => ({ of, rest: window.filter((place) => place.domain.name !== of) })),
  ]
}

/** One vector a window; a history of nothing says nothing, and scores 0. */
async function encodeAll (
  windows: ReadonlyArray<readonly Place[]>, width: number, encode: ExplainDeps['encode']
): Promise<Float32Array[]> {
  const some = windows.filter((window) => window.length > 0)
  const encoded: Float32Array[] = []
  for (let at = 0; at < some.length; at += RUN) {
    const run = some.slice(at, at + RUN)
    const rows = await encode(run)
    encoded.push(...run.map((_, i) => rows.subarray(i * width, (i + 1) * width)))
  }
  return windows.map((window) => window.length > 0 ? encoded.shift()! : new Float32Array(width))
}

const MOST_WEIGHED = 10

/** The heaviest first, whichever way they pull. */
function weighed (items: WeighedItem[]): WeighedItem[] {
  items.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight) || (a.itemId < b.itemId ? -1 : 1))
  return items.slice(0, MOST_WEIGHED)
}
