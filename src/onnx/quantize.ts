import { ELEMENT_TYPES, type ElementType, ModelProto } from './model-proto.ts'

interface Tensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly data_type: number
  readonly raw_data: Uint8Array
}
interface Node {
  readonly op_type: string
  readonly name: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute?: readonly object[]
}
interface Graph {
  readonly node: readonly Node[]
  readonly initializer: readonly Tensor[]
  readonly output: readonly object[]
}
interface Decoded { readonly graph: Graph }

/** The smallest and the largest number that a value of a graph took. */
export interface ValueRange { readonly low: number, readonly high: number }

/**
 * Weights as whole numbers of -63 to 63: with more, two products of a byte each overflow the 16 bits in which AVX2 adds
 * them (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, "reduce_range").
 */
const STEPS = 63
const BYTE = 255

/**
 * What has to be known of a float model before it can be quantised: the values that meet constant matrices. Or why it
 * cannot be.
 */
export function roundedValues (
  model: Uint8Array
): { readonly values: readonly string[] } | { readonly reason: string } {
  const { graph } = decode(model)
  // The operator takes floats alone, and is nearly all of the work where there is one.
  if (graph.node.some(({ op_type: type }) => type === 'GRU')) return { reason: 'the operator GRU has no form in int8' }
  const products = productsOf(graph)
  if (products.length === 0) return { reason: 'nothing in it is multiplied by a constant matrix' }
  return { values: [...new Set(products.map(({ input: [x = ''] }) => x))] }
}

/** The same model with more of its float values as outputs, so that a run shows them. */
export function withOutputs (model: Uint8Array, values: readonly string[]): Uint8Array {
  const decoded = decode(model)
  const { graph } = decoded
  const shown = values.map((name) => ({ name, type: { tensor_type: { elem_type: ELEMENT_TYPES.float32 } } }))
  return encode({ ...decoded, graph: { ...graph, output: [...graph.output, ...shown] } })
}

/**
 * A float model whose products with constant matrices are done in int8: the matrix is stored so, by column, and the
 * other side is rounded to a byte within the range that it is known to take; what lies outside is clipped. The ranges
 * are fixed, so that who else is in a batch does not move the steps of a user. Everything else stays float. Written as
 * pairs of QuantizeLinear and DequantizeLinear: the CPU joins them to products of bytes, and a provider that cannot
 * computes the same in floats. What it costs in ranking has to be measured.
 * @param ranges of each of `roundedValues`
 */
export function quantizeModel (model: Uint8Array, ranges: ReadonlyMap<string, ValueRange>): Uint8Array {
  const decoded = decode(model)
  const { graph } = decoded
  const products = new Set(productsOf(graph))
  const matrices = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
  const constants = new Map<string, Tensor>()
  // By output, so that what two products share is recorded once.
  const recorded = new Map<string, Node>()
  const record = (type: string, input: readonly string[], output: string, more: Partial<Node> = {}): string => {
    recorded.set(output, { op_type: type, name: output, input, output: [output], ...more })
    return output
  }
  for (const node of graph.node) {
    const [x = '', kernel = ''] = node.input
    if (!products.has(node)) {
      recorded.set(node.output[0]!, node)
      continue
    }
    for (const tensor of [...byteOf(x, ranges.get(x)!), ...columnsOf(matrices.get(kernel)! as Matrix)]) {
      constants.set(tensor.name, tensor)
    }
    const byte = record('QuantizeLinear', [x, `${x}/scale`, `${x}/zero`], `${x}/q`)
    const rounded = record('DequantizeLinear', [byte, `${x}/scale`, `${x}/zero`], `${x}/rounded`)
    const columns = record('DequantizeLinear', [`${kernel}/q`, `${kernel}/scale`], `${kernel}/rounded`, {
      attribute: [{ name: 'axis', i: 1, type: 2 }],
    })
    recorded.set(node.output[0]!, { ...node, input: [rounded, columns] })
  }
  const nodes = [...recorded.values()]
  const used = new Set(nodes.flatMap(({ input }) => input))
  const initializer = [...graph.initializer.filter(({ name }) => used.has(name)), ...constants.values()]
  return encode({ ...decoded, graph: { ...graph, node: nodes, initializer } })
}

type Matrix = Tensor & { readonly dims: readonly [number, number] }

/** The products of a value with a constant matrix. */
function productsOf ({ node, initializer }: Graph): Node[] {
  const matrices = new Set(initializer.filter(({ dims }) => dims.length === 2).map(({ name }) => name))
  return node.filter(({ op_type: type, input: [, kernel = ''] }) => type === 'MatMul' && matrices.has(kernel))
}

/** The step of a value, and the byte that stands for its zero, which is exact. */
function byteOf (name: string, { low, high }: ValueRange): Tensor[] {
  const from = Math.min(low, 0)
  const step = (Math.max(high, 0) - from) / BYTE
  const scale = step === 0 ? 1 : step
  return [
    tensor(`${name}/scale`, [], 'float32', Float32Array.of(scale)),
    tensor(`${name}/zero`, [], 'uint8', Uint8Array.of(Math.round(-from / scale))),
  ]
}

/** A matrix [in, out] as int8 and the step of each column. */
function columnsOf ({ name, dims: [rows, columns], raw_data: raw }: Matrix): Tensor[] {
  const values = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength))
  const largest = new Float32Array(columns)
  for (const [i, value] of values.entries()) largest[i % columns] = Math.max(largest[i % columns]!, Math.abs(value))
  const scales = largest.map((value) => value === 0 ? 1 : value / STEPS)
  const small = Int8Array.from(values, (value, i) => Math.round(value / scales[i % columns]!))
  return [
    tensor(`${name}/q`, [rows, columns], 'int8', small),
    tensor(`${name}/scale`, [columns], 'float32', scales),
  ]
}

function tensor (
  name: string, dims: readonly number[], type: ElementType, { buffer, byteOffset, byteLength }: ArrayBufferView
): Tensor {
  return { name, dims, data_type: ELEMENT_TYPES[type], raw_data: new Uint8Array(buffer, byteOffset, byteLength) }
}

function decode (model: Uint8Array): Decoded {
  // The shape is that of the schema which the decoder was made from.
  return ModelProto.toObject(ModelProto.decode(model), { longs: Number, arrays: true }) as Decoded
}

function encode (model: Decoded): Uint8Array {
  return ModelProto.encode(ModelProto.fromObject(model)).finish()
}
