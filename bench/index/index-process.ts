import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { files } from '../../src/bundle/layout.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { IsthmusError } from '../../src/errors.ts'
import { openExactIndex } from '../../src/retrieve/exact.ts'
import { buildHnsw, buildHnswShards } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { openHnswIndex } from '../../src/retrieve/hnsw.ts'
import type { CandidateIndex } from '../../src/retrieve/candidate-index.ts'
import { measureRecall, RECALL_EFS, RECALL_WANTED } from '../../src/retrieve/recall.ts'
import { answerParent } from '../child.ts'
import { percentile } from '../statistics.ts'
import { widen } from './catalogue.ts'
import type { IndexFigures, IndexQuestion, Latency } from './figures.ts'
import { userQueries } from './user-queries.ts'

/** Rows that are put while searches go on. */
const PUT = 4000
const SEARCHES = 1000
/** Of a search whose graph fetches the best hundred: 4 candidates for each that is wanted. */
const K = 25

/** Measures one index in a process of its own, whose memory nobody else uses. */
async function measure (question: IndexQuestion): Promise<IndexFigures> {
  const { bundle: dir, domain, rows, skewed, shards, users, work } = question
  const bundle = await openBundle(dir, { verify: 'on-read' })
  const width = bundle.manifest.encoder.userWidth
  const described = bundle.manifest.domains.find(({ name }) => name === domain)!
  const base = await bundle.readFloats(files.vectors(domain), described.items * width)
  const all = widen(base, width, rows + PUT, { skewed })
  const vectors = all.subarray(0, rows * width)
  const queries = await userQueries(bundle, domain, users)
  const driver = await findHnswDriver()
  if (driver === undefined) throw new IsthmusError('index_driver_unavailable', 'hnswlib-node is not there')

  const build = timer()
  const built = shards === 1
    ? [await buildHnsw(vectors, width, driver)]
    : await buildHnswShards(vectors, width, shards)
  const { seconds: buildSeconds, cpu: buildCpu } = build()
  await mkdir(work, { recursive: true })
  const paths = built.map((_, i) => join(work, `${i}.bin`))
  const save = timer()
  for (const [i, path] of paths.entries()) await flushed(path, built[i]!)
  const saveSeconds = save().seconds
  const bytes = built.reduce((sum, { length }) => sum + length, 0)
  const recall = await measureRecall({ shards: built, vectors, width, queries, driver, efs: [...RECALL_EFS, 800] })
  const enough = recall.find(({ ef, recall }) => ef >= 100 && recall >= RECALL_WANTED) ?? recall.at(-1)!
  built.length = 0

  const exact = await openExactIndex(vectors, width, { provider: 'cpu' })
  const exactLatency = await search(exact, queries, width, Math.min(200, users))
  await exact.close()

  const bySearch = []
  for (const { ef, recall: found } of recall) {
    const opened = await openHnswIndex({
      shards: paths.map((path) => async () => await readFile(path)), base: vectors, width, efSearch: ef,
    })
    const { p50, cpu } = await search(opened, queries, width, Math.min(200, SEARCHES))
    bySearch.push({ ef, recall: found, p50, cpu })
    await opened.close()
  }

  const before = process.memoryUsage().rss
  const load = timer()
  const index = await openHnswIndex({
    shards: paths.map((path) => async () => await readFile(path)), base: vectors, width, efSearch: enough.ef,
  })
  const loadSeconds = load().seconds
  const loadBytes = process.memoryUsage().rss - before
  const latency = await search(index, queries, width, SEARCHES)
  const ingest = await put(index, all, width, rows, queries)
  await index.close()
  return {
    rows,
    skewed,
    shards,
    width,
    queries: queries.length / width,
    buildSeconds,
    buildCpu,
    saveSeconds,
    bytes,
    recall,
    bySearch,
    ef: enough.ef,
    exactLatency,
    loadSeconds,
    loadBytes,
    latency,
    ...ingest,
  }
}

async function search (index: CandidateIndex, queries: Float32Array, width: number, count: number): Promise<Latency> {
  const users = queries.length / width
  const one = async (i: number): Promise<number> => {
    const at = (i % users) * width
    const start = performance.now()
    await index.search(queries.subarray(at, at + width), [{ k: K, excluded: new Set() }])
    return performance.now() - start
  }
  for (let i = 0; i < 50; i++) await one(i)
  const cpu = process.cpuUsage()
  const took: number[] = []
  for (let i = 0; i < count; i++) took.push(await one(i))
  const { user, system } = process.cpuUsage(cpu)
  const sorted = Float64Array.from(took).sort()
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), cpu: (user + system) / 1000 / count }
}

/** Puts rows and finds each at once; then searches until the graph has all that it will take. */
async function put (
  index: CandidateIndex, all: Float32Array, width: number, rows: number, queries: Float32Array
): Promise<Pick<IndexFigures, 'putPerSecond' | 'putMissed' | 'mergeSeconds' | 'whileMerging'>> {
  const took = timer()
  for (let i = 0; i < PUT; i++) index.put(rows + i, all.subarray((rows + i) * width, (rows + i + 1) * width))
  const putPerSecond = PUT / took().seconds
  let putMissed = 0
  for (let i = 0; i < PUT; i += 40) {
    const vector = all.slice((rows + i) * width, (rows + i + 1) * width)
    const [hits] = await index.search(vector, [{ k: K, excluded: new Set() }])
    if (!hits!.some(({ row }) => row === rows + i)) putMissed++
  }
  const merge = timer()
  const parts: Latency[] = []
  while (index.tail >= 1024) parts.push(await search(index, queries, width, 50))
  const mergeSeconds = merge().seconds
  const whileMerging = parts.length === 0
    ? { p50: NaN, p99: NaN, cpu: NaN }
    : { p50: middle(parts.map(({ p50 }) => p50)), p99: middle(parts.map(({ p99 }) => p99)), cpu: NaN }
  return { putPerSecond, putMissed, mergeSeconds, whileMerging }
}

function middle (values: readonly number[]): number {
  return percentile(Float64Array.from(values).sort(), 0.5)
}

async function flushed (path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  await file.writeFile(bytes)
  await file.sync()
  await file.close()
}

/** Seconds on the clock, and seconds of CPU in all threads of this process. */
function timer (): () => { seconds: number, cpu: number } {
  const start = performance.now()
  const used = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(used)
    return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
  }
}

answerParent<IndexQuestion, IndexFigures>(measure, async () => {})
