import type { RetrievalFacts } from '../../bundle/manifest.ts'
import type { Dataset } from '../../data/dataset.ts'
import { buildHnsw, buildHnswShards, HNSW_DEFAULTS } from '../../retrieve/hnsw-build.ts'
import type { HnswDriver } from '../../retrieve/hnsw-driver.ts'
import { measureRecall, RECALL_WANTED } from '../../retrieve/recall.ts'
import { shardsFor } from '../../retrieve/shards.ts'
import type { Model } from '../../train/model.ts'
import { historyOf, spreadUsers } from './real-histories.ts'

const QUERIES = 300
const QUERIES_AT_ONCE = 64
/** Below this a served search looks too little around (spec/MODELS.md section 7). */
const LEAST_EF = 200

/** The files of an index, one a shard. */
export interface BuiltIndex { readonly shards: readonly Buffer[], readonly facts: RetrievalFacts }

/**
 * An HNSW index over one domain's item vectors [rows, vectorWidth], and what it finds for vectors of real users, whose
 * histories end as they will at serving. It is usable where the largest ef finds 0.99 of the exact best 100.
 */
export async function approximateIndex (
  driver: HnswDriver, model: Model, dataset: Dataset, domain: number, vectors: Float32Array,
  shards?: number
): Promise<BuiltIndex> {
  const width = model.vectorWidth
  const histories = spreadUsers(dataset, QUERIES).map((user) => historyOf(dataset, user))
  const queries = new Float32Array(histories.length * width)
  for (let from = 0; from < histories.length; from += QUERIES_AT_ONCE) {
    queries.set(model.userVectors(histories.slice(from, from + QUERIES_AT_ONCE), domain), from * width)
  }
  return await measuredIndex(driver, vectors, queries, width, shards)
}

/** The same for vectors of users [queries, width] that somebody has made already. */
export async function measuredIndex (
  driver: HnswDriver, vectors: Float32Array, queries: Float32Array, width: number,
  count = shardsFor(vectors.length / width, width)
): Promise<BuiltIndex> {
  const shards = count === 1
    ? [await buildHnsw(vectors, width, driver)]
    : await buildHnswShards(vectors, width, count)
  const recall = await measureRecall({ shards, vectors, width, queries, driver })
  const last = recall.at(-1)!
  const enough = recall.find(({ ef, recall }) => ef >= LEAST_EF && recall >= RECALL_WANTED) ?? last
  const { m, efConstruction } = HNSW_DEFAULTS
  return {
    shards,
    facts: {
      m,
      efConstruction,
      ...(count === 1 ? {} : { shards: count }),
      efSearch: enough.ef,
      recall,
      queries: queries.length / width,
      usable: last.recall >= RECALL_WANTED,
    },
  }
}
