import type { KernelBackend, KernelConfig, TensorInfo } from '@tensorflow/tfjs'
import type { Tf } from './tf.ts'

/** What our kernels need of the native backend, none of it typed by tfjs. */
interface NativeBackend extends KernelBackend {
  readonly binding: { readonly TF_ATTR_TYPE: number, readonly TF_ATTR_STRING: number, readonly TF_FLOAT: number }
  executeSingleOutput: (name: string, attributes: readonly object[], inputs: readonly TensorInfo[]) => TensorInfo
}

type KernelFunc = KernelConfig['kernelFunc']

const BACKEND = 'tensorflow'

/**
 * Gives the native backend a `Sum` that takes sums of rows, the gradients of biases, by TensorFlow's operation for
 * just that: it reads them once and is three times as fast. Does nothing the second time.
 */
export function patchNativeKernels (tf: Tf): void {
  const own = tf.getKernel('Sum', BACKEND)
  if (PATCHED.has(own.kernelFunc)) return
  const kernelFunc = sum(own.kernelFunc)
  PATCHED.add(kernelFunc)
  tf.unregisterKernel('Sum', BACKEND)
  tf.registerKernel({ ...own, kernelFunc })
}

const PATCHED = new WeakSet<KernelFunc>()

function sum (own: KernelFunc): KernelFunc {
  return (given) => {
    const { x } = given.inputs as { x: TensorInfo }
    const { axis, keepDims } = given.attrs as unknown as { axis: number | readonly number[], keepDims: boolean }
    const axes = [axis].flat()
    const isOverRows = axes.length === x.shape.length - 1 && axes.every((each, i) => each === i)
    if (!isOverRows || axes.length === 0 || keepDims || x.dtype !== 'float32' || x.shape.includes(0)) return own(given)
    const backend = given.backend as NativeBackend
    const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_FLOAT } = backend.binding
    return backend.executeSingleOutput('BiasAddGrad', [
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
    ], [x])
  }
}
