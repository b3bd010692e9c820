import { deserialize, serialize } from 'node:v8'
import { openBundle } from '../../src/bundle/open.ts'
import { groupByLength, positionsPerRun } from '../../src/encode/length-groups.ts'
import { openSession } from '../../src/encode/ort.ts'
import { openScan } from '../../src/encode/scan.ts'
import { valueRanges } from '../../src/encode/value-ranges.ts'
import { IsthmusError } from '../../src/errors.ts'
import { quantizeModel, roundedValues } from '../../src/onnx/quantize.ts'
import { createRandom, type Random } from '../../src/random.ts'
import { engineClient } from '../../src/recommend/engine-client.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import type { RecommendJob } from '../../src/recommend/engine.ts'
import type { CandidateIndex } from '../../src/retrieve/candidate-index.ts'
import { openExactIndex } from '../../src/retrieve/exact.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { checkUserState, entriesOf } from '../../src/state/user-state.ts'
import { makeRequests } from '../serve/requests.ts'
import { drawHistories, encoderFeeds, encoderGraphs, SHAPE } from './encoders.ts'
import { joinTopK } from './joined.ts'
import { packHistory, unpackHistory } from './packed-history.ts'

/** One thing that can be done in two ways, on the same inputs. */
export interface Lever {
  readonly name: string
  readonly before: string
  readonly after: string
  /** Which of the two the service does, and where that is not the cheaper one, why. */
  readonly used: string
  /** What is measured: CPU time, or the time that a caller waits. */
  readonly clock: 'cpu' | 'wall'
  /** Users, queries or histories of one call. */
  readonly perCall: number
  readonly run: { readonly before: () => Promise<unknown>, readonly after: () => Promise<unknown> }
}

export interface Levers { readonly levers: readonly Lever[], readonly close: () => Promise<void> }

export interface LeverOptions { readonly bundle: string, readonly items: number }

const K = 100
/** What a request asks for where it does not say. */
const USUAL_K = 10
const SHORT_MS = 2
const EF = 200

/** Every lever with all that it needs, opened. */
export async function openLevers ({ bundle, items }: LeverOptions): Promise<Levers> {
  const closers: Array<() => Promise<void>> = []
  const random = createRandom(1, 'bench/engine/levers')
  const levers = [
    ...await encoderLevers(random, closers),
    ...await searchLevers(items, random, closers),
    ...await engineLevers(bundle, closers),
    ...stateLevers(),
  ]
  return { levers, close: async () => { for (const close of closers) await close() } }
}

async function encoderLevers (random: Random, closers: Array<() => Promise<void>>): Promise<Lever[]> {
  const graphs = encoderGraphs()
  const open = async (model: Uint8Array, threads = 1) => {
    const session = await openSession(model, { provider: 'cpu', threads })
    closers.push(session.close)
    return session
  }
  const found = roundedValues(graphs.last)
  if ('reason' in found) throw new IsthmusError('internal', found.reason)
  const ranges = await valueRanges(graphs.last, found.values, [encoderFeeds(drawHistories(64, random), random)])
  const [all, last, two, small] = [
    await open(graphs.all), await open(graphs.last), await open(graphs.last, 2),
    await open(quantizeModel(graphs.last, ranges)),
  ]
  return [1, 32].flatMap((batch): Lever[] => {
    const histories = drawHistories(batch, random)
    const trimmed = encoderFeeds(histories, random)
    const whole = encoderFeeds(histories, random, SHAPE.length)
    const parts = groupByLength(histories.lengths, positionsPerRun(SHAPE.width)).map((rows) => encoderFeeds({
      lengths: rows.map((row) => histories.lengths[row]!), own: rows.map((row) => histories.own[row]!),
    }, random))
    const lever = (name: string, before: string, after: string, used: string, run: Lever['run']): Lever =>
      ({ name: `${name}, batch ${batch}`, before, after, used, run, clock: 'cpu', perCall: batch })
    const now = async (): Promise<unknown> => await last.run(trimmed)
    return [
      lever('last layer', 'all positions', 'the last alone', 'after', { before: async () => await all.run(trimmed), after: now }),
      lever('padding', `to ${SHAPE.length}`, 'to the batch\'s longest', 'after', {
        before: async () => await last.run(whole), after: now,
      }),
      ...(batch === 1
        ? []
        : [lever('lengths', 'one run', 'runs of like lengths', 'after', {
            before: now,
            after: async () => { for (const part of parts) await last.run(part) },
          })]),
      lever('threads of ONNX Runtime', 'two', 'one', 'after', { before: async () => await two.run(trimmed), after: now }),
      lever('encoder in int8', 'float32', 'int8', 'before; after where `export --int8` finds that it ranks as well', {
        before: now, after: async () => await small.run(trimmed),
      }),
    ]
  })
}

async function searchLevers (items: number, random: Random, closers: Array<() => Promise<void>>): Promise<Lever[]> {
  const width = SHAPE.userWidth
  const base = madeUpItems(items, width, random)
  const { last } = encoderGraphs()
  const encoder = await openSession(last, { provider: 'cpu' })
  const joined = await openSession(joinTopK(last, base, width), { provider: 'cpu' })
  const floats = await openScan(base, width, { provider: 'cpu', rows: 'float32' })
  const [exact, float32, int8] = [
    await openExactIndex(base, width, { provider: 'cpu' }),
    await openExactIndex(base, width, { provider: 'cpu', rows: 'float32' }),
    await openExactIndex(base, width, { provider: 'cpu', rows: 'int8' }),
  ]
  closers.push(encoder.close, joined.close, floats.close, exact.close, float32.close, int8.close)
  const driver = await findHnswDriver()
  if (driver === undefined) throw new IsthmusError('index_driver_unavailable', 'hnswlib-node is not there')
  const graph = new driver.HierarchicalNSW('ip', width)
  graph.initIndex({ maxElements: items, m: 16, efConstruction: 200, randomSeed: 1 })
  for (let row = 0; row < items; row++) graph.addPoint(Array.from(base.subarray(row * width, (row + 1) * width)), row)
  graph.setEf(EF)

  const added = new Float32Array(width)
  const k = BigInt64Array.of(BigInt(K))
  return [1, 2, 4, 8, 32].flatMap((batch): Lever[] => {
    const feeds = encoderFeeds(drawHistories(batch, random), random)
    const mask = new Uint8Array(batch * items).fill(1)
    const wider = new Uint8Array(batch * (items + 1)).fill(1)
    const queries = madeUpItems(batch, width, random)
    const search = async (index: CandidateIndex, k: number): Promise<unknown> =>
      await index.search(queries, Array.from({ length: batch }, () => ({ k, excluded: new Set<number>() })))
    const levers: Lever[] = [{
      name: `exact search of ${items}, ${batch} waiting`,
      before: 'float32 rows',
      after: 'int8, the best scored again',
      used: 'after, from 2 MiB of rows on, where the processor has kernels for it',
      clock: 'cpu',
      perCall: batch,
      run: {
        before: async () => await search(float32, USUAL_K),
        after: async () => await search(int8, USUAL_K),
      },
    }, {
      name: `search of ${items}, ${batch} waiting`,
      before: 'exact',
      after: `HNSW, ef ${EF}`,
      used: 'before, up to 100,000 items (45,000 in float32): recall 1, filters for nothing; by how many wait with RETRIEVAL=hybrid',
      clock: 'cpu',
      perCall: batch,
      run: {
        before: async () => await search(exact, K),
        after: async () => {
          for (let q = 0; q < batch; q++) graph.searchKnn(Array.from(queries.subarray(q * width, (q + 1) * width)), K)
        },
      },
    }]
    if (batch === 1 || batch === 32) {
      levers.push({
        name: `encoder and exact search of ${items}, batch ${batch}`,
        before: 'two runs',
        after: 'one graph',
        used: 'before: posted items, filters and either index share one path',
        clock: 'cpu',
        perCall: batch,
        run: {
          before: async () => {
            const { user_vec: users } = await encoder.run(feeds)
            return await floats.search(users!.data as Float32Array, wider, added, K)
          },
          after: async () => await joined.run({
            ...feeds,
            found: { type: 'bool', data: mask, dims: [batch, items] },
            k: { type: 'int64', data: k, dims: [1] },
          }),
        },
      })
    }
    return levers
  })
}

async function engineLevers (path: string, closers: Array<() => Promise<void>>): Promise<Lever[]> {
  const bundle = await openBundle(path)
  const jobs = (await makeRequests(bundle, 32)).map((asked): RecommendJob =>
    ({ ...asked, exclude: [], excludeSeen: true }))
  const plain = await openEngine(bundle, { provider: 'cpu' })
  const keeping = await openEngine(bundle, { provider: 'cpu', userCache: 1000 })
  const client = await engineClient({ bundle: bundle.dir, provider: 'cpu' })
  closers.push(plain.close, keeping.close, client.close)
  const answers = await plain.recommendBatch(jobs)
  const results = answers.flatMap((one) => 'value' in one ? one.value : [])
  const packed = results.map(({ items }) => ({
    rows: Int32Array.from(items, ({ rank }) => rank), scores: Float32Array.from(items, ({ score }) => score),
  }))
  const all = async (wait: () => Promise<void>, count: number): Promise<unknown> =>
    await Promise.all(jobs.slice(0, count).map(async (job) => {
      await wait()
      return await client.recommend(job)
    }))
  const short = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, SHORT_MS))
  return [
    {
      name: 'user vectors of the same 32 histories',
      before: 'computed',
      after: 'kept',
      used: 'after (USER_CACHE); only what comes again gains',
      clock: 'cpu',
      perCall: 32,
      run: {
        before: async () => await plain.recommendBatch(jobs), after: async () => await keeping.recommendBatch(jobs),
      },
    },
    ...[1, 32].map((count): Lever => ({
      name: `batches, ${count} calls at once`,
      before: `collected for ${SHORT_MS} ms`,
      after: 'what waits when the engine is free',
      used: 'after',
      clock: 'wall',
      perCall: 1,
      run: { before: async () => await all(short, count), after: async () => await all(async () => {}, count) },
    })),
    {
      name: 'an answer between threads',
      before: 'objects',
      after: 'rows and scores alone',
      used: 'before: no vector crosses, and ids and titles would have to be known on both sides',
      clock: 'cpu',
      perCall: 32,
      run: {
        before: async () => deserialize(serialize(results)) as unknown,
        after: async () => deserialize(serialize(packed)) as unknown,
      },
    },
  ]
}

function stateLevers (): Lever[] {
  return [50, 1000].map((count): Lever => {
    const events = Array.from({ length: count }, (_, i) =>
      [`B00${1_000_000 + i}`, 1_700_000_000_000 + 60_000 * i, 1_700_000_000_000 + i, '0123456789abcdef', 'purchase'] as const)
    const text = JSON.stringify({ erased: 0, events })
    const bytes = packHistory(events)
    return {
      name: `a stored history of ${count} events read`,
      before: 'JSON, all that is kept of an event',
      after: 'packed, items and times alone',
      used: 'before: one value a user already, and a merge needs all of an event',
      clock: 'cpu',
      perCall: 1,
      run: {
        before: async () => entriesOf(checkUserState(JSON.parse(text))!.events, count),
        after: async () => unpackHistory(bytes),
      },
    }
  })
}

/** Unit vectors in 300 clusters, as items of a catalogue are. */
function madeUpItems (rows: number, width: number, random: Random): Float32Array {
  const centres = Float32Array.from({ length: 300 * width }, () => random.normal())
  const all = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const centre = random.integer(300) * width
    let square = 0
    for (let i = 0; i < width; i++) {
      const value = centres[centre + i]! + 0.7 * random.normal()
      all[row * width + i] = value
      square += value * value
    }
    for (let i = 0; i < width; i++) all[row * width + i]! /= Math.sqrt(square)
  }
  return all
}
