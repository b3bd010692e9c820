import { ELEMENT_TYPES, ModelProto } from './model-proto.ts'

interface Tensor { readonly name: string, readonly dims?: readonly number[], readonly raw_data: Uint8Array }
interface Node {
  readonly op_type: string
  readonly input: readonly string[]
  readonly output: readonly string[]
}
interface Graph { readonly node: readonly Node[], readonly initializer: readonly Tensor[] }

/**
 * Weights as whole numbers of -63 to 63: with more, two products of a byte each overflow the 16 bits in which AVX2 adds
 * them (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, "reduce_range").
 */
const STEPS = 63

/**
 * A float model whose products with constant matrices are done in int8: the matrix is stored so, by column, and the
 * other side is rounded to a byte as it comes, by the range of its values. Everything else stays float. What it costs
 * in ranking has to be measured.
 */
export function quantizeModel (model: Uint8Array): Uint8Array {
  const decoded = ModelProto.toObject(ModelProto.decode(model), { longs: Number }) as { graph: Graph }
  const { graph } = decoded
  const matrices = new Map(graph.initializer.filter(isMatrix).map((tensor) => [tensor.name, tensor]))
  const quantized = new Map<string, object[]>()
  const rounded = new Set<string>()
  const nodes = graph.node.flatMap((node): object[] => {
    const [x = '', kernel = ''] = node.input
    const matrix = matrices.get(kernel)
    if (node.op_type !== 'MatMul' || matrix === undefined) return [node]
    if (!quantized.has(kernel)) quantized.set(kernel, columnsOf(matrix))
    const made: object[] = []
    if (!rounded.has(x)) {
      rounded.add(x)
      made.push({
        op_type: 'DynamicQuantizeLinear',
        name: `${x}/rounded`,
        input: [x],
        output: [`${x}/q`, `${x}/scale`, `${x}/zero`],
      })
    }
    const [out = ''] = node.output
    return [
      ...made,
      {
        op_type: 'MatMulInteger',
        name: `${out}/product`,
        input: [`${x}/q`, `${kernel}/q`, `${x}/zero`],
        output: [`${out}/sum`],
      },
      {
        op_type: 'Cast',
        name: `${out}/real`,
        input: [`${out}/sum`],
        output: [`${out}/unscaled`],
        attribute: [{ name: 'to', i: ELEMENT_TYPES.float32, type: 2 }],
      },
      { op_type: 'Mul', name: `${out}/scales`, input: [`${x}/scale`, `${kernel}/scale`], output: [`${out}/scale`] },
      { op_type: 'Mul', name: out, input: [`${out}/unscaled`, `${out}/scale`], output: [out] },
    ]
  })
  const used = new Set(nodes.flatMap((node) => (node as Node).input))
  const initializer = [
    ...graph.initializer.filter(({ name }) => used.has(name)),
    ...[...quantized.values()].flat(),
  ]
  const quantizedGraph = { ...graph, node: nodes, initializer }
  return ModelProto.encode(ModelProto.fromObject({ ...decoded, graph: quantizedGraph })).finish()
}

type Matrix = Tensor & { readonly dims: readonly [number, number] }

function isMatrix (tensor: Tensor): tensor is Matrix {
  return tensor.dims?.length === 2
}

/** A matrix [in, out] as int8 and the scale of each column. */
function columnsOf ({ name, dims: [rows, columns], raw_data: raw }: Matrix): object[] {
  const values = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength))
  const scales = new Float32Array(columns)
  for (const [i, value] of values.entries()) {
    scales[i % columns] = Math.max(scales[i % columns]!, Math.abs(value) / STEPS)
  }
  const small = Int8Array.from(values, (value, i) => {
    const scale = scales[i % columns]!
    return scale === 0 ? 0 : Math.round(value / scale)
  })
  return [
    {
      name: `${name}/q`,
      dims: [rows, columns],
      data_type: ELEMENT_TYPES.int8,
      raw_data: new Uint8Array(small.buffer),
    },
    {
      name: `${name}/scale`,
      dims: [columns],
      data_type: ELEMENT_TYPES.float32,
      raw_data: new Uint8Array(scales.buffer),
    },
  ]
}
