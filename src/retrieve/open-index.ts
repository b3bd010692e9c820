import { indexFiles } from '../bundle/layout.ts'
import type { Bundle } from '../bundle/open.ts'
import { int8Doubt } from '../encode/int8-doubt.ts'
import type { ProviderChoice } from '../encode/ort.ts'
import type { RowKind } from '../encode/scan.ts'
import { IsthmusError } from '../errors.ts'
import type { CandidateIndex } from './candidate-index.ts'
import type { ClusterSettings } from './cluster.ts'
import { type ExactIndex, openExactIndex } from './exact.ts'
import { findHnswDriver } from './hnsw-driver.ts'
import { openHnswIndex } from './hnsw.ts'
import { hybridIndex } from './hybrid.ts'

/**
 * What an operator asks for (RETRIEVAL). `auto`: exact up to `EXACT_UP_TO` items a domain, HNSW above. `cluster`: in
 * the Redis that instances share. `hybrid`: HNSW for small batches, exact for larger ones.
 */
export type RetrievalChoice = 'auto' | 'exact' | 'hnsw' | 'cluster' | 'hybrid'

/**
 * Rows up to which a scan costs less CPU than a graph. In int8 it did for every size of a batch at 20,000, 50,000 and
 * 100,000 rows; in float32 a batch of 32 would at 100,000, and a lone query no more from 30,000 on.
 */
export const EXACT_UP_TO: Readonly<Record<RowKind, number>> = { float32: 45_000, int8: 100_000 }

/** For a bundle without an index of its own, which would say. */
const CLUSTER_EF = 200

const ABSENT = 'hnswlib-node is not there: it needs a compiler at install (python3, make, g++)'

export interface OpenIndexOptions {
  readonly choice: RetrievalChoice
  readonly provider: ProviderChoice
  readonly log: (message: string) => void
  /** Needed for `cluster`. */
  readonly cluster?: ClusterSettings
  /** Awaited between the parts of a load. */
  readonly pause?: () => Promise<void>
  /** Tests pass one that finds nothing. */
  readonly findDriver?: typeof findHnswDriver
}

/** The ids of a domain's items, by which instances tell one another of rows. */
export interface RowNames {
  readonly nameOf: (row: number) => string
  readonly rowOf: (name: string) => number | undefined
}

/**
 * The index of one domain of a bundle. HNSW asked for by name (`hnsw`, `hybrid`) and not there fails with
 * `index_driver_unavailable`; an index whose recall the export found too low is not used, whoever asks.
 */
export async function openIndex (
  bundle: Pick<Bundle, 'manifest' | 'has' | 'read'>, domain: string, vectors: Float32Array, width: number, names: RowNames,
  { choice, provider, log, cluster, pause = async () => {}, findDriver = findHnswDriver }: OpenIndexOptions
): Promise<CandidateIndex> {
  const exact = async (why?: string): Promise<ExactIndex> => {
    if (why !== undefined) log(`${domain}: exact search, because ${why}`)
    return await openExactIndex(vectors, width, { provider, pause, log: (message) => log(`${domain}: ${message}`) })
  }
  if (choice === 'exact' || (choice === 'auto' && await isFew(vectors.length / width, provider))) return await exact()

  const { retrieval, name, version, encoder } = bundle.manifest
  const facts = retrieval[domain]
  if (choice === 'cluster') {
    // Loaded late: every engine would else load the client of Redis.
    const { notUnit, openClusterIndex } = await import('./cluster.ts')
    if (cluster === undefined) throw new IsthmusError('index_driver_unavailable', 'an index in Redis needs a Redis')
    if (encoder.itemNorm !== 'unit') throw notUnit()
    const set = `${name}:${version}:${domain}`
    const efSearch = facts?.efSearch ?? CLUSTER_EF
    return await openClusterIndex({ namespace: name, ...cluster, ...names, log, set, efSearch, base: vectors, width })
  }
  const paths = indexFiles(domain, facts?.shards)
  if (facts === undefined || !paths.every(bundle.has)) {
    if (choice === 'auto') return await exact('the bundle has no HNSW index')
    throw new IsthmusError('index_driver_unavailable', `the bundle has no HNSW index for ${domain}`)
  }
  if (!facts.usable) return await exact('the recall of the HNSW index is below 0.99')
  if (await findDriver() === undefined) {
    if (choice === 'auto') return await exact(ABSENT)
    throw new IsthmusError('index_driver_unavailable', ABSENT)
  }
  const shards = paths.map((path) => async () => await bundle.read(path))
  const graph = await openHnswIndex({ shards, base: vectors, width, efSearch: facts.efSearch })
  if (choice !== 'hybrid') return graph
  try {
    return hybridIndex(await exact(), graph)
  } catch (error) {
    await graph.close()
    throw error
  }
}

async function isFew (rows: number, provider: ProviderChoice): Promise<boolean> {
  return rows <= EXACT_UP_TO.float32 || (rows <= EXACT_UP_TO.int8 && await int8Doubt(provider) === undefined)
}
