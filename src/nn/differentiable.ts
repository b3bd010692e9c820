import type { Tensor, Tf } from './tf.ts'

/** The engine's call behind `tf.customGrad`. It is not typed as open; `tf` is pinned to the version that has it. */
interface OperationRunner {
  runKernelFunc: (operation: {
    inputs: Readonly<Record<string, Tensor>>,
    forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor,
    backwardsFunc: Backward,
  }) => Tensor
}

/** From the gradient of the value, and what the forward pass saved, the way to the gradient of each input. */
type Backward = (dy: Tensor, saved: Tensor[]) => Readonly<Record<string, () => Tensor>>

/**
 * An operation with a gradient of its own. `forward` gives the value and hands what the gradient needs to `save`;
 * `backward` gives functions, by input. Unlike with `tf.customGrad`, only the gradients that the loss depends on are
 * computed, and what each makes on its way is freed at once.
 */
export function differentiable (
  tf: Tf, inputs: Readonly<Record<string, Tensor>>, forward: (save: (...tensors: Tensor[]) => void) => Tensor,
  backward: Backward
): Tensor {
  return (tf.engine() as unknown as OperationRunner).runKernelFunc({
    inputs,
    forwardFunc: (_backend, save) => forward((...tensors) => save(tensors)),
    backwardsFunc: backward,
  })
}
