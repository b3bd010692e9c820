import { join } from 'node:path'
import { target } from '../../data/dataset.ts'
import type { Dataset, Domain } from '../../data/dataset.ts'
import { evaluate } from '../../evaluate/evaluate.ts'
import { metricsByDomain } from '../../evaluate/metrics.ts'
import type { MetricsByDomain } from '../../evaluate/metrics.ts'
import { readJson } from '../../files/read.ts'
import { isCurrent, readStep, writeStep } from '../../files/step.ts'
import { writeFileAtomic } from '../../files/write.ts'
import { namedWeight } from '../../nn/ops.ts'
import type { Weights } from '../../nn/ops.ts'
import type { LoadedTf } from '../../nn/tf.ts'
import { createRandom } from '../../random.ts'
import type { ItemTexts } from '../../systems/initial-weights.ts'
import { createModel } from '../../train/model.ts'
import { openEmbedded } from '../embed.ts'
import { withMappedRows } from '../export/choose-maps.ts'
import { itemsOf, rowMap } from '../export/item-maps.ts'
import type { FittedMap, RowMethod, TableName } from '../export/item-maps.ts'
import { openRun, openRunManifest } from '../train.ts'
import type { Run } from '../train.ts'

const STEP = 'evaluate-cold'
const REPORT = 'metrics.json'

export interface ColdStep {
  /** A run on data without the items held out. */
  readonly run: string
  /** Embeddings of the same data with them. */
  readonly embeddings: string
  /** How they get their local half; `ids`: they have no text, and so the rows that a table begins with. */
  readonly method: RowMethod | 'ids'
  readonly out: string
  readonly openTf: () => Promise<LoadedTf>
}

/**
 * Ranks test targets that training has never seen, not even as negatives, among all items of their domain, as serving
 * does with items posted later. A table over ids beside texts is learnt by ridge regression whatever the local half.
 */
export async function evaluateCold ({ run: dir, embeddings, method, out, openTf }: ColdStep): Promise<MetricsByDomain> {
  const whole = await openEmbedded(embeddings)
  const { digest } = await openRunManifest(dir)
  const plan = {
    step: STEP, input: { dir, digest }, settings: { method, embeddings: whole.embeddings.manifest.digest },
  }
  if (!await isCurrent(out, plan)) {
    const run = await openRun(dir)
    await writeStep(out, plan, async (folder) => {
      const { tf, close } = await openTf()
      const { dataset } = whole
      const model = createModel(tf, { ...run, ...extended(run, dataset, whole.embeddings, method) })
      try {
        const evaluation = evaluate(dataset, model.scorer(), {
          split: 'test', mode: 'full', users: coldUsers(run.dataset, dataset),
        })
        await writeFileAtomic(join(folder, REPORT), JSON.stringify(metricsByDomain(evaluation, dataset.domains)))
        return {}
      } finally {
        model.dispose()
        close()
      }
    })
  }
  await readStep(out, STEP)
  // Written above, and readStep has checked its hash.
  return await readJson(join(out, REPORT)) as MetricsByDomain
}

/** Users whose test target is an item that the run does not know. */
export function coldUsers (known: Dataset, whole: Dataset): number[] {
  const items = new Set(known.items.map(({ itemId }) => itemId))
  return [...whole.users.keys()].filter((user) => !items.has(whole.items[target(whole, user, 'test') - 1]!.itemId))
}

/** The run over all items: trained rows where there are any, and rows by the method for the others. */
export function extended (
  run: Run, whole: Dataset, texts: ItemTexts, method: ColdStep['method']
): { dataset: Dataset, texts: ItemTexts, weights: Weights } {
  const numbers = new Map(run.dataset.items.map(({ itemId }, i) => [itemId, i + 1]))
  const isCold = (id: number): boolean => !numbers.has(whole.items[id - 1]!.itemId)
  let weights = new Map(run.weights)
  for (const table of ['items.local', 'items.ids'] as const) {
    if (!weights.has(table)) continue
    const { shape: [, width = 0], data } = namedWeight(run.weights, table)
    const random = createRandom(run.settings.seed, `cold/${table}`)
    const rows = new Float32Array(whole.items.length * width)
    for (const [i, { itemId }] of whole.items.entries()) {
      const known = numbers.get(itemId)
      const row = known === undefined ? Float32Array.from({ length: width }, () => random.normal()) : undefined
      rows.set(row ?? data.subarray((known! - 1) * width, known! * width), i * width)
    }
    weights.set(table, { shape: [whole.items.length, width], data: rows })
    if (method === 'ids') continue
    for (const [k, domain] of whole.domains.entries()) {
      const map = mapOf(run, table, method, run.dataset.domains[k]!)
      weights = new Map(withMappedRows(weights, texts, table, itemsOf(domain).filter(isCold), map))
    }
  }
  return { dataset: whole, texts, weights }
}

/** As export learns them: local tables by domain, one over ids from all items. */
function mapOf (run: Run, table: TableName, method: RowMethod, domain: Domain): FittedMap {
  return table === 'items.local'
    ? rowMap(run, table, method, itemsOf(domain))
    : rowMap(run, table, 'ridge', Int32Array.from(run.dataset.items.keys(), (i) => i + 1))
}
