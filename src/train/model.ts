import { itemsWithFresh, modelInput } from '../data/augmentation.ts'
import type { Dataset } from '../data/dataset.ts'
import { threadInput } from '../data/threads.ts'
import { latestIds, padLeft, padPositions, widest } from '../data/window.ts'
import type { Scorer } from '../evaluate/scorer.ts'
import { plain } from '../nn/gradients.ts'
import type { Ops, Weights } from '../nn/ops.ts'
import type { Tensor, Tf } from '../nn/tf.ts'
import { tfjsOps } from '../nn/tfjs-ops.ts'
import { encodeUser } from '../systems/encode-user.ts'
import type { UserInput } from '../systems/encode-user.ts'
import type { ItemTexts } from '../systems/initial-weights.ts'
import { itemVectors } from '../systems/item-tower.ts'
import { threadLast } from '../systems/read-thread.ts'
import type { ThreadInput } from '../systems/read-thread.ts'
import { isPaddingFree } from '../systems/settings.ts'
import type { Settings } from '../systems/settings.ts'
import { hasLocals } from '../systems/spec.ts'
import type { SystemSpec } from '../systems/spec.ts'

/** A system with weights, as training left it: what item and user vectors are, before any export. */
export interface Model {
  readonly spec: SystemSpec
  readonly settings: Settings
  /** Length of item and user vectors. */
  readonly vectorWidth: number
  /** Vectors of all items, fresh ones last: row-major [items, vectorWidth], row g - 1 for global id g. */
  itemVectors: () => Float32Array
  /** User vectors for one domain, row-major [histories, vectorWidth], from histories of global ids, oldest first. */
  userVectors: (histories: readonly Int32Array[], domain: number) => Float32Array
  /** What the mixed thread alone makes of histories, before anything is joined to it: [histories, width]. */
  lastSteps: (histories: readonly Int32Array[]) => Float32Array
  /** Scores of whole domains. */
  scorer: () => Scorer
  /** Scores of one domain for user vectors [users, vectorWidth] that somebody made: [users, size of the domain]. */
  scores: (users: Float32Array, domain: number) => Float32Array
  /** Frees every tensor. */
  dispose: () => void
}

export interface ModelParts {
  readonly spec: SystemSpec
  readonly settings: Settings
  readonly dataset: Dataset
  readonly texts: ItemTexts
  readonly weights: Weights
}

/** Items whose vectors are made at a time: bounds the memory of a large catalogue's text rows. */
const ITEMS_AT_ONCE = 8192

/** The model on a backend. The weights are copied to it: later changes to them do not show. */
export function createModel (tf: Tf, { spec, settings, dataset, texts, weights }: ModelParts): Model {
  const { domains } = dataset
  const d = settings.width
  const tables = new Set(['items.ids', 'items.local'])
  const leaves = new Map([...weights].flatMap(([name, { shape, data }]) =>
    tables.has(name) ? [] : [[name, tf.tensor(data, [...shape])] as const]))
  const ops = tfjsOps(tf, leaves)
  // Global, and where items have a local half that: [N, d] each.
  const halves = tf.tidy(() => {
    const items = allItemVectors(tf, ops, spec, itemsWithFresh(dataset), texts, weights) // [N, D]
    return tf.split(items, items.shape[1]! / d, 1)
  })
  const vectorWidth = halves.length * d

  const thread = (sequences: readonly Int32Array[], from: number, half: Tensor): ThreadInput<Tensor> => {
    const length = isPaddingFree(settings) ? widest(sequences) : settings.length
    const ids = padLeft(sequences, length)
    const rows = ids.map((id) => id === 0 ? 0 : from + id - 1)
    const shape: [number, number] = [sequences.length, length]
    return {
      x: tf.gather(half, tf.tensor2d(rows, shape, 'int32')), // [B, L, d]
      positions: tf.tensor2d(padPositions(sequences.map((ids) => ids.length), length), shape, 'int32'),
      mask: tf.tensor2d(Float32Array.from(ids, (id) => id === 0 ? 0 : 1), shape),
    }
  }
  const encode = (histories: readonly Int32Array[], domain: number): Tensor => {
    const { offset } = domains[domain]!
    const inputs = histories.map((history) => threadInput(domains, history, settings.length))
    const local = inputs.map((input) => input.local[domain]!)
    const input: UserInput<Tensor> = {
      global: thread(inputs.map(({ mixed }) => mixed), 0, halves[0]!),
      ...(hasLocals(spec) && {
        local: {
          ...thread(local, offset, halves[spec.fusion === 'concat' ? 1 : 0]!),
          has: tf.tensor2d(local.map((ids) => ids.length > 0 ? 1 : 0), [local.length, 1]),
        },
      }),
    }
    return encodeUser(ops, spec, settings, domain, input) // [B, D]
  }

  /** One domain's item vectors, [size, D], kept until another's are asked for. */
  let asked: { readonly domain: number, readonly vectors: Tensor } | undefined
  const ofDomain = (domain: number): Tensor => {
    if (asked?.domain === domain) return asked.vectors
    asked?.vectors.dispose()
    const { offset, size } = domains[domain]!
    const vectors = tf.keep(tf.concat(halves.map((half) => tf.slice(half, [offset, 0], [size, d])), 1))
    asked = { domain, vectors }
    return vectors
  }
  const mixedLast = (given: readonly Int32Array[]): Tensor => {
    const input = thread(given.map((history) => latestIds(history, settings.length)), 0, halves[0]!)
    return threadLast(ops, spec.threads[0]!, settings, input) // [B, d]
  }
  const histories = (users: readonly number[], split: 'valid' | 'test'): Int32Array[] =>
    users.map((user) => modelInput(dataset, user, split))

  return {
    spec,
    settings,
    vectorWidth,
    itemVectors: () => plain(tf, () => read(tf.concat(halves, 1))),
    userVectors: (given, domain) => plain(tf, () => read(encode(given, domain))),
    lastSteps: (given) => plain(tf, () => read(mixedLast(given))),
    scorer: () => ({
      name: settings.system,
      score: (users, split, domain) =>
        plain(tf, () => read(tf.matMul(encode(histories(users, split), domain), ofDomain(domain), false, true))),
      ...(spec.fusion === 'concat' && {
        halves: (users: readonly number[], split: 'valid' | 'test', domain: number) => plain(tf, () => {
          const both = [encode(histories(users, split), domain), ofDomain(domain)] as const
          const dots = (from: number): Float32Array => {
            const [left, right] = both.map((vectors) => tf.slice(vectors, [0, from], [-1, d]))
            return read(tf.matMul(left!, right!, false, true)) // [B, size]
          }
          return { global: dots(0), local: dots(d) }
        }),
      }),
      // Where the two are added, each scores the whole item.
      ...(spec.fusion === 'sum' && spec.items.norm === 'none' && {
        halves: (users: readonly number[], split: 'valid' | 'test', domain: number) => plain(tf, () => {
          const global = mixedLast(histories(users, split))
          const local = tf.sub(encode(histories(users, split), domain), global)
          const dots = (part: Tensor): Float32Array => read(tf.matMul(part, ofDomain(domain), false, true)) // [B, size]
          return { global: dots(global), local: dots(local) }
        }),
      }),
    }),
    scores: (users, domain) => plain(tf, () =>
      read(tf.matMul(tf.tensor2d(users, [users.length / vectorWidth, vectorWidth]), ofDomain(domain), false, true))),
    dispose () {
      asked?.vectors.dispose()
      asked = undefined
      for (const half of halves) half.dispose()
      for (const leaf of leaves.values()) leaf.dispose()
    },
  }
}

function allItemVectors (
  tf: Tf, ops: Ops<Tensor>, spec: SystemSpec, count: number, texts: ItemTexts, weights: Weights
): Tensor {
  const parts: Tensor[] = []
  for (let from = 0; from < count; from += ITEMS_AT_ONCE) {
    const rows = Math.min(ITEMS_AT_ONCE, count - from)
    parts.push(tf.tidy(() => {
      const cut = (data: Float32Array, width: number): Tensor =>
        tf.tensor2d(data.subarray(from * width, (from + rows) * width), [rows, width])
      const table = (name: string): Tensor | undefined => {
        const weight = weights.get(name)
        return weight && cut(weight.data, weight.shape[1]!)
      }
      const ids = table('items.ids')
      const local = table('items.local')
      return itemVectors(ops, spec.items, {
        ...(spec.items.global !== 'ids' && { text: cut(texts.rows, texts.width) }),
        ...(ids && { ids }),
        ...(local && { local }),
      }).stored
    }))
  }
  return tf.concat(parts, 0)
}

/** tfjs types data by the tensor's dtype only at run time; all tensors read here are float32. */
function read (tensor: Tensor): Float32Array {
  return tensor.dataSync() as Float32Array
}
