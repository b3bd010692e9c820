import type { DataType, KernelBackend, KernelConfig, Tensor, TensorInfo } from '@tensorflow/tfjs'
import type { Tf } from './tf.ts'

/** What our kernels need of the wasm backend; it has more, none of it typed by tfjs. */
interface WasmBackend extends KernelBackend {
  makeOutput: (shape: number[], dtype: DataType) => TensorInfo
  typedArrayFromHeap: (tensor: TensorInfo) => Float32Array | Int32Array
}

type KernelFunc = KernelConfig['kernelFunc']

const BACKEND = 'wasm'

/**
 * Gives the wasm backend what training a transformer needs: `UnsortedSegmentSum`, the gradient of gather, which it
 * lacks (tensorflow/tfjs issue 8082); a `BatchMatMul` that takes the backend's XNNPACK path where its own goes through
 * a plain loop, 10 times slower; `GatherV2` by rows rather than elements; `Identity` and `Slice` without copies of
 * whole tensors. Does nothing the second time.
 */
export function patchWasmKernels (tf: Tf): void {
  if (tf.getKernel('UnsortedSegmentSum', BACKEND) !== undefined) return
  tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName: BACKEND, kernelFunc: unsortedSegmentSum })
  const { kernelFunc: transpose } = tf.getKernel('Transpose', BACKEND)
  const replacements: Record<string, (own: KernelFunc) => KernelFunc> = {
    BatchMatMul: (own) => matMul(own, transpose),
    GatherV2: gather,
    Identity: () => identity,
    Slice: (own) => slice(tf, own),
  }
  for (const [name, replacement] of Object.entries(replacements)) {
    const own = tf.getKernel(name, BACKEND)
    tf.unregisterKernel(name, BACKEND)
    // The rest of the old entry stays: its setup binds the compiled function that the old kernel calls.
    tf.registerKernel({ ...own, kernelFunc: replacement(own.kernelFunc) })
  }
}

const unsortedSegmentSum: KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds: ids } = inputs as { x: TensorInfo, segmentIds: TensorInfo }
  const { numSegments: segments } = attrs as unknown as { numSegments: number }
  const wasm = backend as WasmBackend
  const inner = x.shape.slice(ids.shape.length)
  const width = size(inner)
  const rows = size(ids.shape)
  const out = wasm.makeOutput([segments, ...inner], x.dtype)
  if (size(out.shape) === 0) return out
  // Views are taken after makeOutput, which may have grown the heap and so moved it.
  const [from, segmentOf, sums] = [x, ids, out].map((tensor) => wasm.typedArrayFromHeap(tensor)) as
    [Float32Array, Float32Array, Float32Array]
  sums.fill(0)
  for (let row = 0; row < rows; row++) {
    const segment = segmentOf[row]!
    if (segment < 0) continue
    for (let k = 0; k < width; k++) sums[segment * width + k]! += from[row * width + k]!
  }
  return out
}

/** Copies rows; the backend's own works out where each element lies. Other axes than the first are left to it. */
function gather (own: KernelFunc): KernelFunc {
  return (given) => {
    const { x, indices } = given.inputs as { x: TensorInfo, indices: TensorInfo }
    const { axis, batchDims } = given.attrs as unknown as { axis: number, batchDims: number }
    if (axis !== 0 || batchDims !== 0 || x.dtype === 'string') return own(given)
    const backend = given.backend as WasmBackend
    const [rows = 0, ...inner] = x.shape
    const width = size(inner)
    const out = backend.makeOutput([...indices.shape, ...inner], x.dtype)
    const [from, at, to] = [x, indices, out].map((tensor) => backend.typedArrayFromHeap(tensor)) as
      [Float32Array, Int32Array, Float32Array]
    for (let i = 0; i < at.length; i++) {
      const row = at[i]!
      if (!(row >= 0 && row < rows)) throw new RangeError(`gather: there is no row ${row} of ${rows}`)
      to.set(from.subarray(row * width, (row + 1) * width), i * width)
    }
    return out
  }
}

/** The same memory counted once more, as `Reshape` does it. */
const identity: KernelFunc = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs['x'] as TensorInfo
  ;(backend as WasmBackend).incRef(dataId)
  return { dataId, shape, dtype } // not the tensor itself, which the engine would take for the result
}

/** Copies the rows that are asked for; the backend's own reads the whole tensor first. */
function slice (tf: Tf, own: KernelFunc): KernelFunc {
  return (given) => {
    const { x } = given.inputs as { x: TensorInfo }
    const { begin, size: wanted } = given.attrs as unknown as { begin: number[], size: number[] }
    const [start, shape] = tf.slice_util.parseSliceParams(x as Tensor, begin, wanted) as [number[], number[]]
    if (x.dtype === 'string' || x.shape.length > 3) return own(given)
    const backend = given.backend as WasmBackend
    const out = backend.makeOutput(shape, x.dtype)
    const [from, to] = [x, out].map((tensor) => backend.typedArrayFromHeap(tensor)) as [Float32Array, Float32Array]
    // As three axes.
    const lead = Array<number>(3 - shape.length).fill(1)
    const [, middle = 1, width = 1] = [...lead, ...x.shape]
    const [blocks = 1, rows = 1, run = 1] = [...lead, ...shape]
    const [block = 0, row = 0, column = 0] = [...lead.map(() => 0), ...start]
    for (let b = 0; b < blocks; b++) {
      for (let r = 0; r < rows; r++) {
        const at = ((block + b) * middle + row + r) * width + column
        to.set(from.subarray(at, at + run), (b * rows + r) * run)
      }
    }
    return out
  }
}

/** Multiplications of one product from which XNNPACK's start costs less than the plain loop. */
const WORTH_XNNPACK = 40_000

/**
 * XNNPACK serves single products of upright matrices only. So matrices that are turned get transposed first, and a
 * batch of large products (attention) is taken one by one.
 */
function matMul (own: KernelFunc, transpose: KernelFunc): KernelFunc {
  return (given) => {
    const { a, b } = given.inputs as { a: TensorInfo, b: TensorInfo }
    const { transposeA, transposeB } = given.attrs as unknown as { transposeA: boolean, transposeB: boolean }
    const backend = given.backend as WasmBackend
    const inner = a.shape.at(transposeA ? -2 : -1) ?? 0
    const [rows, columns] = [a.shape.at(transposeA ? -1 : -2) ?? 0, b.shape.at(transposeB ? -2 : -1) ?? 0]
    const batch = a.shape.slice(0, -2)
    const products = size(batch)
    const isSingle = products === 1 && size(b.shape.slice(0, -2)) === 1
    const isEach = rows * inner * columns >= WORTH_XNNPACK && String(batch) === String(b.shape.slice(0, -2))
    if (!isEach && !(isSingle && (transposeA || transposeB))) return own(given)

    const made: TensorInfo[] = []
    const upright = (x: TensorInfo, turned: boolean): TensorInfo => {
      if (!turned) return x
      const rank = x.shape.length
      const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2]
      const y = transpose({ inputs: { x }, attrs: { perm }, backend }) as TensorInfo
      made.push(y)
      return y
    }
    const free = ({ dataId }: TensorInfo): void => {
      backend.disposeData(dataId as Tensor['dataId'])
    }
    const product = (left: TensorInfo, right: TensorInfo): TensorInfo =>
      own({ inputs: { a: left, b: right }, attrs: { transposeA: false, transposeB: false }, backend }) as TensorInfo
    const part = (x: TensorInfo, i: number): TensorInfo => {
      const shape = x.shape.slice(-2)
      const length = size(shape)
      const copy = backend.makeOutput(shape, x.dtype)
      backend.typedArrayFromHeap(copy).set(backend.typedArrayFromHeap(x).subarray(i * length, (i + 1) * length))
      return copy
    }

    const [left, right] = [upright(a, transposeA), upright(b, transposeB)]
    let out: TensorInfo
    if (isSingle) {
      out = product(left, right)
    } else {
      out = backend.makeOutput([...batch, rows, columns], a.dtype)
      for (let i = 0; i < products; i++) {
        // A fresh right side each time: XNNPACK keeps what it packed of one.
        const operands = [part(left, i), part(right, i)] as const
        const one = product(...operands)
        backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(one), i * rows * columns)
        for (const tensor of [...operands, one]) free(tensor)
      }
    }
    for (const tensor of made) free(tensor)
    return out
  }
}

function size (shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
