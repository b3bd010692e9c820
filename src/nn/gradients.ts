import type { Weights } from './ops.ts'
import type { Tensor, Tf } from './tf.ts'

export interface StepResult {
  /** The loss, and the terms that were named, as numbers. */
  readonly loss: number
  readonly terms: ReadonlyMap<string, number>
  /** By weight; a weight that the loss did not touch is missing. */
  readonly gradients: ReadonlyMap<string, Float32Array>
}

/** What a loss function returns: the scalar to descend, and parts of it that only get reported. */
export interface LossTensors {
  readonly loss: Tensor
  readonly terms?: ReadonlyMap<string, Tensor>
}

/**
 * A loss and its gradients, as plain data. Each weight is made a tensor, handed to `compute` by name, and freed with
 * everything else the step made: no tensor is left.
 */
export function lossAndGradients (
  tf: Tf, weights: Weights, compute: (leaves: ReadonlyMap<string, Tensor>) => LossTensors
): StepResult {
  return plain(tf, () => {
    const names = [...weights.keys()]
    const tensors = [...weights.values()].map(({ shape, data }) => tf.tensor(data, [...shape]))
    const leaves = new Map(names.map((name, i) => [name, tensors[i]!]))
    let terms: ReadonlyMap<string, number> = new Map()
    // The engine's own call, unlike tf.grads, lets a step leave weights out.
    const { value, grads } = tf.engine().gradients(() => {
      const computed = compute(leaves)
      terms = new Map([...computed.terms ?? []].map(([name, term]) => [name, read(term)[0]!]))
      return computed.loss
    }, tensors, undefined, true)
    const found = names.flatMap((name, i): [string, Float32Array][] => {
      // Missing where the loss does not depend on the weight, whatever the type says.
      const gradient = grads[i] as Tensor | null | undefined
      return gradient === null || gradient === undefined ? [] : [[name, read(gradient)]]
    })
    return { loss: read(value)[0]!, terms, gradients: new Map(found) }
  })
}

function read (tensor: Tensor): Float32Array {
  return tensor.dataSync<'float32'>()
}

/** `tf.tidy` around a result without tensors: that would walk a typed array number by number, in search of some. */
export function plain<R> (tf: Tf, work: () => R): R {
  tf.engine().startScope()
  try {
    return work()
  } finally {
    tf.engine().endScope()
  }
}
