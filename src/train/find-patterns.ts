import { trainPrefix } from '../data/dataset.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Weights } from '../nn/ops.ts'
import { patternsName, patternsWeight } from '../nn/pattern-fusion.ts'
import type { Tf } from '../nn/tf.ts'
import { kMeans } from '../numeric/kmeans.ts'
import { FUSION } from '../systems/encode-user.ts'
import { createModel } from './model.ts'
import type { ModelParts } from './model.ts'

/** Users encoded at a time. */
const AT_ONCE = 256
const CLUSTERING = { restarts: 2, iterations: 50 }

/**
 * The patterns of LLM-RecG (Eq. 16): k-means centroids of what the thread says of each user after the training events,
 * the validation item and what follows unseen. Fewer users than patterns give as many as there are users.
 */
export function findPatterns (
  tf: Tf, parts: ModelParts & { readonly weights: Weights }, users: Int32Array
): [name: string, weight: ReturnType<typeof patternsWeight>] {
  const { dataset, settings } = parts
  const d = settings.width
  const vectors = new Float32Array(users.length * d)
  const model = createModel(tf, parts)
  try {
    for (let from = 0; from < users.length; from += AT_ONCE) {
      vectors.set(model.lastSteps(histories(dataset, users.subarray(from, from + AT_ONCE))), from * d)
    }
  } finally {
    model.dispose()
  }
  const k = Math.min(settings.patterns ?? 0, users.length)
  const { centroids } = kMeans(vectors, d, k, { ...CLUSTERING, seed: settings.seed })
  return [patternsName(FUSION), patternsWeight(centroids, d)]
}

function histories (dataset: Dataset, users: Int32Array): Int32Array[] {
  return Array.from(users, (user) => trainPrefix(dataset, user))
}
