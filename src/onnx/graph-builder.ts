import { ELEMENT_TYPES, type ElementType, IR_VERSION, ModelProto, OPSET } from './model-proto.ts'

/** A number is an integer attribute; a real one says so. */
export type Attribute = number | readonly number[] | { readonly real: number }

/** Axes that are numbers are fixed, names are free at run time. */
export type Shape = ReadonlyArray<number | string>

/** Records an ONNX graph: every method returns the name of the value that it adds. */
export interface GraphBuilder {
  input: (name: string, type: ElementType, shape: Shape) => string
  output: (name: string, value: string, type: ElementType, shape: Shape) => void
  /** A constant tensor, row-major. One name is stored once. */
  constant: (name: string, shape: readonly number[], data: Float32Array | BigInt64Array | Uint8Array) => string
  scalar: (value: number) => string
  /** int64 [values.length], what shapes and axes are given as. */
  integers: (values: readonly number[]) => string
  /** One node with one output; the same node twice is recorded once. An operator of another domain is `domain.Name`. */
  node: (type: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>) => string
  /** One node with several outputs. */
  nodes: (
    type: string, inputs: readonly string[], outputs: number, attributes?: Readonly<Record<string, Attribute>>
  ) => string[]
  build: () => Uint8Array
}

/** @param name of the graph, for people who open it in a viewer */
export function createGraph (name: string): GraphBuilder {
  const inputs: object[] = []
  const outputs: object[] = []
  const recorded: object[] = []
  const constants = new Map<string, object>()
  const known = new Map<string, string[]>()
  const domains = new Map([['', OPSET]])

  const constant: GraphBuilder['constant'] = (id, shape, data) => {
    if (!constants.has(id)) {
      constants.set(id, {
        name: id,
        dims: shape,
        data_type: elementType(data),
        raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })
    }
    return id
  }
  const nodes: GraphBuilder['nodes'] = (type, from, count, attributes = {}) => {
    const key = JSON.stringify([type, from, count, attributes])
    const earlier = known.get(key)
    if (earlier !== undefined) return earlier
    const id = `${type}_${recorded.length}`
    const made = Array.from({ length: count }, (_, i) => i === 0 ? id : `${id}_${i}`)
    const [, domain, operator] = /^(?:(.*)\.)?(.*)$/.exec(type)!
    if (domain !== undefined) domains.set(domain, 1)
    recorded.push({
      op_type: operator,
      name: id,
      input: from,
      output: made,
      attribute: Object.entries(attributes).map(toAttribute),
      ...(domain !== undefined && { domain }),
    })
    known.set(key, made)
    return made
  }

  return {
    input (id, type, shape) {
      inputs.push(valueInfo(id, type, shape))
      return id
    },
    output (id, value, type, shape) {
      recorded.push({ op_type: 'Identity', name: `output_${id}`, input: [value], output: [id] })
      outputs.push(valueInfo(id, type, shape))
    },
    constant,
    scalar: (value) => constant(`real_${value}`, [], Float32Array.of(value)),
    integers: (values) => constant(`integers_${values.join('_')}`, [values.length], BigInt64Array.from(values, BigInt)),
    node: (type, from, attributes) => nodes(type, from, 1, attributes)[0]!,
    nodes,
    build () {
      return ModelProto.encode({
        ir_version: IR_VERSION,
        producer_name: 'isthmus',
        opset_import: [...domains].map(([domain, version]) => ({ domain, version })),
        graph: { name, node: recorded, initializer: [...constants.values()], input: inputs, output: outputs },
      }).finish()
    },
  }
}

/** Attribute kinds, by ONNX's numbers: FLOAT 1, INT 2, INTS 7. */
function toAttribute ([name, value]: [string, Attribute]): object {
  if (typeof value === 'number') return { name, i: value, type: 2 }
  return 'real' in value ? { name, f: value.real, type: 1 } : { name, ints: value, type: 7 }
}

function elementType (data: Float32Array | BigInt64Array | Uint8Array): number {
  if (data instanceof Uint8Array) return ELEMENT_TYPES.uint8
  return data instanceof Float32Array ? ELEMENT_TYPES.float32 : ELEMENT_TYPES.int64
}

function valueInfo (name: string, type: ElementType, shape: Shape): object {
  const dim = shape.map((axis) => typeof axis === 'number' ? { dim_value: axis } : { dim_param: axis })
  return { name, type: { tensor_type: { elem_type: ELEMENT_TYPES[type], shape: { dim } } } }
}
