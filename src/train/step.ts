import { IsthmusError } from '../errors.ts'
import type { Adam } from '../nn/adam.ts'
import type { Dropout } from '../nn/dropout.ts'
import { lossAndGradients } from '../nn/gradients.ts'
import type { Weight } from '../nn/ops.ts'
import type { Tensor, Tf } from '../nn/tf.ts'
import { tfjsOps } from '../nn/tfjs-ops.ts'
import type { ItemTexts, UserProfiles } from '../systems/initial-weights.ts'
import type { Settings } from '../systems/settings.ts'
import type { Phase, SystemSpec } from '../systems/spec.ts'
import type { TrainingBatch } from './batch.ts'
import { batchLoss } from './forward.ts'

export interface StepParts {
  readonly tf: Tf
  readonly spec: SystemSpec
  readonly settings: Settings
  readonly phase: Phase
  readonly texts: ItemTexts
  readonly profiles?: UserProfiles | undefined
  /** Changed in place. */
  readonly weights: ReadonlyMap<string, Weight>
  readonly adam: Adam
  readonly dropout: Dropout
}

/** Tables over all items: a step touches some of their rows only, and never makes a gradient of their size. */
const TABLES = ['items.ids', 'items.local'] as const

/**
 * One step of gradient descent: changes the weights of the phase in place and gives each term of the loss by name,
 * and their weighted sum as `loss`. Throws `training_diverged` where that is no finite number.
 */
export function trainStep (parts: StepParts, batch: TrainingBatch): Map<string, number> {
  const { tf, spec, settings, phase, texts, profiles, weights, adam, dropout } = parts
  const tableRows = batch.items.map((id) => id - 1)
  const isTrained = (name: string): boolean => phase.train.some((group) => name.startsWith(group))
  const rows = new Map<string, Weight>(TABLES.flatMap((name) => {
    const table = weights.get(name)
    return table === undefined ? [] : [[name, rowsOf(table.data, table.shape[1]!, tableRows)]]
  }))
  const dense = [...weights].filter(([name]) => !rows.has(name))
  const trained = new Map([...dense, ...rows].filter(([name]) => isTrained(name)))
  const frozen = new Map([...dense, ...rows].filter(([name]) => !isTrained(name)))

  const { loss, terms, gradients } = lossAndGradients(tf, trained, (leaves) => {
    const all = new Map(leaves)
    for (const [name, { shape, data }] of frozen) all.set(name, tf.tensor(data, [...shape]))
    const raw = ({ rows, width }: ItemTexts, at: Int32Array): Tensor => {
      const { data, shape } = rowsOf(rows, width, at)
      return tf.tensor(data, [...shape])
    }
    const ids = all.get('items.ids')
    const local = all.get('items.local')
    return batchLoss(tf, tfjsOps(tf, all, dropout), spec, settings, batch, {
      ...(spec.items.global !== 'ids' && { text: raw(texts, tableRows) }),
      ...(profiles && batch.profiled.users.length > 0 && { profiles: raw(profiles, batch.profiled.users) }),
      ...(ids && { ids }),
      ...(local && { local }),
    })
  })
  if (!Number.isFinite(loss)) {
    throw new IsthmusError('training_diverged', `the loss is ${loss}; try a smaller learningRate`)
  }
  if (phase.optimiser !== undefined) clip(gradients, phase.optimiser.clip)
  adam.begin()
  for (const [name, gradient] of gradients) {
    const { data } = weights.get(name)!
    if (rows.has(name)) adam.sparse(name, data, tableRows, gradient)
    else adam.dense(name, data, gradient)
  }
  return new Map([['loss', loss], ...terms])
}

/** Scales gradients, in place, so that the norm of all of them together is at most `most`. */
export function clip (gradients: ReadonlyMap<string, Float32Array>, most: number): void {
  let square = 0
  for (const gradient of gradients.values()) for (const value of gradient) square += value * value
  const factor = most / Math.sqrt(square)
  if (!(factor < 1)) return
  for (const gradient of gradients.values()) for (let i = 0; i < gradient.length; i++) gradient[i]! *= factor
}

function rowsOf (table: Float32Array, width: number, at: Int32Array): Weight {
  const data = new Float32Array(at.length * width)
  for (const [i, row] of at.entries()) data.set(table.subarray(row * width, (row + 1) * width), i * width)
  return { shape: [at.length, width], data }
}
