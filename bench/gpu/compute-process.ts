import { encoderFeeds, encoderGraphs, drawHistories, SHAPE } from '../engine/encoders.ts'
import { answerParent } from '../child.ts'
import { median } from '../statistics.ts'
import { openScan, type TopK } from '../../src/encode/scan.ts'
import { openSession, type Provider } from '../../src/encode/ort.ts'
import { unitRows } from '../../src/numeric/cosine.ts'
import { createRandom, type Random } from '../../src/random.ts'
import type { ComputeFigures, ComputeRow } from './report.ts'

export interface ComputeQuestion {
  /** Items of each catalogue, and users at a time. */
  readonly catalogues: readonly number[]
  readonly batches: readonly number[]
}

const K = 100
const REPEATS = 5
/** Scores of one run that the processor's memory is asked for, 1 GiB of them; a GPU is asked for any. */
const MOST_SCORES = 2 ** 28

// In a process of its own, which was started with the libraries of CUDA in its path.
answerParent(async ({ catalogues, batches }: ComputeQuestion): Promise<ComputeFigures> => {
  const random = createRandom(1, 'gpu-check')
  const encoder = await encode(batches, random)
  const { fallback } = encoder
  if (fallback !== undefined) return { fallback, encoder: encoder.rows, search: [] }
  const search: ComputeRow[] = []
  for (const items of catalogues) search.push(...await find(items, batches, random))
  return { encoder: encoder.rows, search }
}, async () => {})

async function encode (
  batches: readonly number[], random: Random
): Promise<{ rows: ComputeRow[], fallback?: string }> {
  const graph = encoderGraphs().last
  const cpu = await openSession(graph, { provider: 'cpu' })
  const cuda = await openSession(graph, { provider: 'auto' })
  const rows: ComputeRow[] = []
  for (const batch of batches) {
    const feeds = encoderFeeds(drawHistories(batch, random), random)
    const run = (session: typeof cpu) => async (): Promise<Float32Array> =>
      (await session.run(feeds)).user_vec!.data as Float32Array // The graph declares what it puts out.
    const onCpu = await timed(run(cpu))
    const onCuda = cuda.provider === 'cuda' ? await timed(run(cuda)) : undefined
    rows.push({
      batch,
      cpuMs: onCpu.ms,
      ...(onCuda && { cudaMs: onCuda.ms, off: furthest(onCpu.answer, onCuda.answer) }),
    })
  }
  await cpu.close()
  await cuda.close()
  return { rows, ...(cuda.fallback !== undefined && { fallback: cuda.fallback }) }
}

async function find (items: number, batches: readonly number[], random: Random): Promise<ComputeRow[]> {
  const width = SHAPE.userWidth
  const base = randomUnits(items, width, random)
  const open = async (provider: Provider) => await openScan(base, width, { provider, rows: 'float32' })
  const [cpu, cuda] = [await open('cpu'), await open('cuda')]
  const added = randomUnits(1, width, random)
  const rows: ComputeRow[] = []
  for (const batch of batches) {
    const queries = randomUnits(batch, width, random)
    const mask = new Uint8Array(batch * (items + 1)).fill(1)
    const run = (index: typeof cpu) => async (): Promise<TopK> =>
      await index.search(queries, mask, added, Math.min(K, items))
    const onCuda = await timed(run(cuda))
    const onCpu = batch * items > MOST_SCORES ? undefined : await timed(run(cpu))
    rows.push({
      items,
      batch,
      cudaMs: onCuda.ms,
      ...(onCpu && {
        cpuMs: onCpu.ms,
        off: furthest(onCpu.answer.scores, onCuda.answer.scores),
        same: shared(onCpu.answer.columns, onCuda.answer.columns, batch),
      }),
    })
  }
  await cpu.close()
  await cuda.close()
  return rows
}

/** The first run is not counted: it is the one that compiles and allocates. */
async function timed<T> (run: () => Promise<T>): Promise<{ ms: number, answer: T }> {
  const answer = await run()
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return { ms: median(times), answer }
}

function randomUnits (rows: number, width: number, random: Random): Float32Array {
  const all = new Float32Array(rows * width)
  for (let i = 0; i < all.length; i++) all[i] = random.normal()
  return unitRows(all, width)
}

/** The largest difference, as a share of the largest value. */
function furthest (a: Float32Array, b: Float32Array): number {
  let most = 0
  let largest = 0
  for (const [i, value] of a.entries()) {
    most = Math.max(most, Math.abs(value - b[i]!))
    largest = Math.max(largest, Math.abs(value))
  }
  return most / largest
}

/** Of what one search found for each query, how much the other found as well, 0 to 1. */
function shared (a: Int32Array, b: Int32Array, queries: number): number {
  const each = a.length / queries
  let both = 0
  for (let q = 0; q < queries; q++) {
    const found = new Set(a.subarray(q * each, (q + 1) * each))
    for (const column of b.subarray(q * each, (q + 1) * each)) if (found.has(column)) both++
  }
  return both / a.length
}
