import type { DataType, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs'
import type { Tf } from './tf.ts'

/** What the two kernels need of the wasm backend; it has more, none of it typed by tfjs. */
interface WasmBackend extends KernelBackend {
  makeOutput: (shape: number[], dtype: DataType) => TensorInfo
  typedArrayFromHeap: (tensor: TensorInfo) => Float32Array
}

const BACKEND = 'wasm'

/**
 * Gives the wasm backend what training a transformer needs: `UnsortedSegmentSum`, the gradient of gather, which it
 * lacks (tensorflow/tfjs issue 8082), and a `BatchMatMul` that transposes first, since the backend's own transposed
 * product is a plain loop, 12-15 times slower than its XNNPACK path. Does nothing the second time.
 */
export function patchWasmKernels (tf: Tf): void {
  if (tf.getKernel('UnsortedSegmentSum', BACKEND) !== undefined) return
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as { x: TensorInfo, segmentIds: TensorInfo }
      const { numSegments } = attrs as unknown as { numSegments: number }
      return unsortedSegmentSum(backend as WasmBackend, x, segmentIds, numSegments)
    },
  })

  const own = tf.getKernel('BatchMatMul', BACKEND)
  const product = own.kernelFunc
  const { kernelFunc: transpose } = tf.getKernel('Transpose', BACKEND)
  tf.unregisterKernel('BatchMatMul', BACKEND)
  tf.registerKernel({
    ...own, // its setup binds the compiled function that `product` calls
    kernelFunc: (given) => {
      const { inputs, attrs, backend } = given
      const { a, b } = inputs as { a: TensorInfo, b: TensorInfo }
      const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean, transposeB: boolean }
      // XNNPACK serves a single product only; batches of them stay with the loop, transposed or not.
      if (!(transposeA || transposeB) || !isSingle(a) || !isSingle(b)) return product(given)
      const made: TensorInfo[] = []
      const upright = (x: TensorInfo, turned: boolean): TensorInfo => {
        if (!turned) return x
        const rank = x.shape.length
        const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2]
        const y = transpose({ inputs: { x }, attrs: { perm }, backend }) as TensorInfo
        made.push(y)
        return y
      }
      const operands = { a: upright(a, transposeA), b: upright(b, transposeB) }
      const out = product({ inputs: operands, attrs: { transposeA: false, transposeB: false }, backend })
      for (const { dataId } of made) (backend as WasmBackend).disposeData(dataId as Tensor['dataId'])
      return out
    },
  })
}

function unsortedSegmentSum (backend: WasmBackend, x: TensorInfo, ids: TensorInfo, segments: number): TensorInfo {
  const inner = x.shape.slice(ids.shape.length)
  const width = size(inner)
  const rows = size(ids.shape)
  const out = backend.makeOutput([segments, ...inner], x.dtype)
  if (size(out.shape) === 0) return out
  // Views are taken after makeOutput, which may have grown the heap and so moved it.
  const [from, segmentOf, sums] = [x, ids, out].map((tensor) => backend.typedArrayFromHeap(tensor)) as
    [Float32Array, Float32Array, Float32Array]
  sums.fill(0)
  for (let row = 0; row < rows; row++) {
    const segment = segmentOf[row]!
    if (segment < 0) continue
    for (let k = 0; k < width; k++) sums[segment * width + k]! += from[row * width + k]!
  }
  return out
}

function isSingle ({ shape }: TensorInfo): boolean {
  return shape.slice(0, -2).every((length) => length === 1)
}

function size (shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
