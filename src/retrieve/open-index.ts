import { indexFiles } from '../bundle/layout.ts'
import type { Bundle } from '../bundle/open.ts'
import type { ProviderChoice } from '../encode/ort.ts'
import { IsthmusError } from '../errors.ts'
import type { CandidateIndex } from './candidate-index.ts'
import { openExactIndex } from './exact.ts'
import { findHnswDriver } from './hnsw-driver.ts'
import { openHnswIndex } from './hnsw.ts'

/** What an operator asks for (RETRIEVAL). `auto`: exact up to `EXACT_UP_TO` items a domain, HNSW above. */
export type RetrievalChoice = 'auto' | 'exact' | 'hnsw'

/** About where a batch of 32 costs the same either way; a straight line between measurements at 20,000 and 100,000. */
export const EXACT_UP_TO = 45_000

const ABSENT = 'hnswlib-node is not there: it needs a compiler at install (python3, make, g++)'

export interface OpenIndexOptions {
  readonly choice: RetrievalChoice
  readonly provider: ProviderChoice
  readonly log: (message: string) => void
  /** Tests pass one that finds nothing. */
  readonly findDriver?: typeof findHnswDriver
}

/**
 * The index of one domain of a bundle. HNSW asked for by name and not there fails with `index_driver_unavailable`;
 * an index whose recall the export found too low is not used, whoever asks.
 */
export async function openIndex (
  bundle: Pick<Bundle, 'manifest' | 'has' | 'read'>, domain: string, vectors: Float32Array, width: number,
  { choice, provider, log, findDriver = findHnswDriver }: OpenIndexOptions
): Promise<CandidateIndex> {
  const exact = async (why?: string): Promise<CandidateIndex> => {
    if (why !== undefined) log(`${domain}: exact search, because ${why}`)
    return await openExactIndex(vectors, width, provider)
  }
  if (choice === 'exact' || (choice === 'auto' && vectors.length / width <= EXACT_UP_TO)) return await exact()

  const facts = bundle.manifest.retrieval[domain]
  const names = indexFiles(domain, facts?.shards)
  if (facts === undefined || !names.every(bundle.has)) {
    if (choice === 'auto') return await exact('the bundle has no HNSW index')
    throw new IsthmusError('index_driver_unavailable', `the bundle has no HNSW index for ${domain}`)
  }
  if (!facts.usable) return await exact('the recall of the HNSW index is below 0.99')
  if (await findDriver() === undefined) {
    if (choice === 'auto') return await exact(ABSENT)
    throw new IsthmusError('index_driver_unavailable', ABSENT)
  }
  const shards = names.map((name) => async () => await bundle.read(name))
  return await openHnswIndex({ shards, base: vectors, width, efSearch: facts.efSearch })
}
