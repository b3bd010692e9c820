import { encodeModel, ONNX_ATTRIBUTES, ONNX_TYPES } from './onnx-proto.ts'
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from './onnx-proto.ts'

/** Integers as numbers; a float as { float }. */
export type Attribute = number | readonly number[] | { readonly float: number }

/** A name for a dimension that varies ('B', 'L'), or its size. */
export type Dimension = string | number

/** Records a graph node by node. Values are strings: their names in the graph. */
export interface OnnxGraph {
  input: (name: string, type: OnnxType, dims: readonly Dimension[]) => string
  /** Gives `value` the name under which the graph returns it. */
  output: (name: string, value: string, type: OnnxType, dims: readonly Dimension[]) => void
  /** The first output of a node; the same node asked for again is not recorded again. */
  node: (type: string, inputs: readonly string[], attributes?: Record<string, Attribute>) => string
  /** A stored float tensor. */
  floats: (name: string, dims: readonly number[], data: Float32Array) => string
  /** A constant number. */
  float: (value: number) => string
  /** Constant integers [n]. */
  integers: (values: readonly number[]) => string
  /** A constant integer without axes. */
  integer: (value: number) => string
  /** The bytes of the .onnx file. */
  build: (metadata?: Readonly<Record<string, string>>) => Uint8Array
}

const OPSET = 17
const IR_VERSION = 8

/** An empty graph of opset 17. */
export function createOnnxGraph (name: string): OnnxGraph {
  const nodes: OnnxNode[] = []
  const known = new Map<string, string>()
  const stored = new Map<string, OnnxTensor>()
  const inputs: OnnxValue[] = []
  const outputs: OnnxValue[] = []

  const store = (key: string, type: OnnxType, dims: readonly number[], data: ArrayBufferView): string => {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    if (!stored.has(key)) stored.set(key, { name: key, dims: [...dims], dataType: ONNX_TYPES[type], rawData })
    return key
  }
  const integers = (values: readonly number[], dims: readonly number[]): string =>
    store(`integers_${dims.length}_${values.join('_')}`, 'int64', dims, BigInt64Array.from(values, BigInt))

  return {
    input (key, type, dims) {
      inputs.push(describe(key, type, dims))
      return key
    },
    output (key, value, type, dims) {
      nodes.push({ name: `output_${key}`, opType: 'Identity', input: [value], output: [key], attribute: [] })
      outputs.push(describe(key, type, dims))
    },
    node (opType, from, attributes = {}) {
      const key = JSON.stringify([opType, from, attributes])
      const earlier = known.get(key)
      if (earlier !== undefined) return earlier
      const made = `${opType}_${nodes.length}`
      const attribute = Object.entries(attributes).map(([field, value]) => attributeProto(field, value))
      nodes.push({ name: made, opType, input: [...from], output: [made], attribute })
      known.set(key, made)
      return made
    },
    floats: (key, dims, data) => store(key, 'float', dims, data),
    float: (value) => store(`float_${value}`, 'float', [], Float32Array.of(value)),
    integers: (values) => integers(values, [values.length]),
    integer: (value) => integers([value], []),
    build: (metadata = {}) => encodeModel({
      irVersion: IR_VERSION,
      producerName: 'isthmus',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: { name, node: nodes, initializer: [...stored.values()], input: inputs, output: outputs },
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    }),
  }
}

function describe (name: string, type: OnnxType, dims: readonly Dimension[]): OnnxValue {
  const dim = dims.map((size) => typeof size === 'number' ? { dimValue: size } : { dimParam: size })
  return { name, type: { tensorType: { elemType: ONNX_TYPES[type], shape: { dim } } } }
}

function attributeProto (name: string, value: Attribute): OnnxAttribute {
  if (typeof value === 'number') return { name, type: ONNX_ATTRIBUTES.int, i: value }
  if ('float' in value) return { name, type: ONNX_ATTRIBUTES.float, f: value.float }
  return { name, type: ONNX_ATTRIBUTES.ints, ints: [...value] }
}
