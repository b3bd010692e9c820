import type { EncoderFacts, Int8Facts } from '../../bundle/manifest.ts'
import { modelInput } from '../../data/augmentation.ts'
import { type Dataset, domainOf, target } from '../../data/dataset.ts'
import { openUserEncoder, packWindows, type UserEncoder, type WindowItem } from '../../encode/user-encoder.ts'
import { valueRanges } from '../../encode/value-ranges.ts'
import { evaluate, type Evaluation } from '../../evaluate/evaluate.ts'
import { metricsByDomain } from '../../evaluate/metrics.ts'
import { quantizeModel, roundedValues } from '../../onnx/quantize.ts'
import type { Model } from '../../train/model.ts'
import { spreadUsers } from './real-histories.ts'
import { inBatches, windowMaker } from './windows.ts'

/** Int8 is served where NDCG@10 falls by less than this share of what it is in float32. */
const LIMIT = 0.005
/** Users whose histories say between which numbers the values of a graph lie. */
const WATCHED = 512
const WINDOWS_AT_ONCE = 32
/** Users whose vectors are held at a time. */
const USERS_AT_ONCE = 512

export interface Int8Trial {
  /** One encoder for each domain: the quantised ones where they are taken, else those given. */
  readonly graphs: readonly Uint8Array[]
  readonly facts: Int8Facts
}

/** NDCG@10 in the full ranking of the validation targets. */
type Worth = NonNullable<Int8Facts['ndcg10']>['int8']

/**
 * Quantises encoders and measures what that costs: the full ranking of the validation targets, by user vectors of the
 * float graphs and by those of the quantised ones. Where these are not taken the facts say why.
 * @param dataset what the system is evaluated on
 * @param graphs one encoder for each domain
 */
export async function tryInt8 (
  model: Model, dataset: Dataset, graphs: readonly Uint8Array[], encoder: EncoderFacts
): Promise<Int8Trial> {
  const toWindow = windowMaker(model, dataset.domains, encoder.windowLength)
  const windowOf: WindowOf = (user, domain) => toWindow(modelInput(dataset, user, 'valid'), domain)
  const watched = spreadUsers(dataset, WATCHED)
  const small: Uint8Array[] = []
  for (const [domain, graph] of graphs.entries()) {
    const found = roundedValues(graph)
    if ('reason' in found) return { graphs, facts: { taken: false, limit: LIMIT, reason: found.reason } }
    const runs = inBatches(watched, WINDOWS_AT_ONCE)
      .map((users) => packWindows(users.map((user) => windowOf(user, domain)), encoder))
    small.push(quantizeModel(graph, await valueRanges(graph, found.values, runs)))
  }
  const worthOf = async (some: readonly Uint8Array[]): Promise<Worth> => {
    const { all, domains } = metricsByDomain(await rank(model, dataset, some, encoder, windowOf), dataset.domains)
    const byDomain = Object.entries(domains).map(([name, { ndcg10 }]) => [name, ndcg10] as const)
    return { all: all.ndcg10, domains: Object.fromEntries(byDomain) }
  }
  const facts = chooseInt8({ float32: await worthOf(graphs), int8: await worthOf(small) }, dataset.users.length)
  return { graphs: facts.taken ? small : graphs, facts }
}

/** Int8 is taken where NDCG@10 falls by less than `LIMIT` of what it was, over all users and in each domain. */
export function chooseInt8 (ndcg10: { readonly float32: Worth, readonly int8: Worth }, users: number): Int8Facts {
  const { float32, int8 } = ndcg10
  const fall = (before: number, after: number): number => before === 0 ? 0 : (before - after) / before
  const { share, where } = Object.entries(float32.domains)
    .map(([name, before]) => ({ share: fall(before, int8.domains[name]!), where: `in ${name}` }))
    .reduce((worst, one) => one.share > worst.share ? one : worst, {
      share: fall(float32.all, int8.all), where: 'over all users',
    })
  const facts = { limit: LIMIT, users, ndcg10 }
  if (share < LIMIT) return { taken: true, ...facts }
  return { taken: false, ...facts, reason: `NDCG@10 on validation falls by ${(100 * share).toFixed(2)} % ${where}` }
}

/** What the encoder of a domain reads of a user, by their indexes. */
type WindowOf = (user: number, domain: number) => readonly WindowItem[]

async function rank (
  model: Model, dataset: Dataset, graphs: readonly Uint8Array[], facts: EncoderFacts, windowOf: WindowOf
): Promise<Pick<Evaluation, 'ranks' | 'domains'>> {
  const encoders: UserEncoder[] = []
  try {
    for (const graph of graphs) encoders.push(await openUserEncoder(graph, facts, { provider: 'cpu' }))
    const found: Evaluation[] = []
    for (const users of inBatches([...dataset.users.keys()], USERS_AT_ONCE)) {
      const vectors = await targetVectors(users)
      found.push(evaluate(dataset, {
        name: 'exported encoder',
        score (some, _split, domain) {
          const rows = new Float32Array(some.length * facts.userWidth)
          for (const [i, user] of some.entries()) rows.set(vectors.get(user)!, i * facts.userWidth)
          return model.scores(rows, domain)
        },
      }, { split: 'valid', mode: 'full', users }))
    }
    return {
      ranks: Int32Array.from(found.flatMap(({ ranks }) => [...ranks])),
      domains: Int32Array.from(found.flatMap(({ domains }) => [...domains])),
    }
  } finally {
    for (const encoder of encoders) await encoder.close()
  }

  /** Each user's vector in the domain of the target. */
  async function targetVectors (users: readonly number[]): Promise<Map<number, Float32Array>> {
    const vectors = new Map<number, Float32Array>()
    for (const [domain, encoder] of encoders.entries()) {
      const windows = users.filter((user) => domainOf(dataset.domains, target(dataset, user, 'valid')) === domain)
        .map((user) => ({ user, window: windowOf(user, domain) }))
        .sort((a, b) => a.window.length - b.window.length)
      for (const batch of inBatches(windows, WINDOWS_AT_ONCE)) {
        const encoded = await encoder.encode(batch.map(({ window }) => window))
        for (const [i, { user }] of batch.entries()) {
          vectors.set(user, encoded.subarray(i * facts.userWidth, (i + 1) * facts.userWidth))
        }
      }
    }
    return vectors
  }
}
