import { transpose } from '../../src/encode/float-rows.ts'
import { ELEMENT_TYPES, ModelProto } from '../../src/onnx/model-proto.ts'

interface Model { readonly graph: { node: object[], initializer: object[], input: object[], output: object[] } }

const LOWEST = Math.fround(-3e38)

/**
 * The encoder with exact search behind it as one graph: `user_vec` meets the items [rows, width], a mask [B, rows]
 * hides what must not be found, and the best `k` come out as `scores` and `columns`. What `scan.ts` does in a second
 * run, without the rows that were posted since.
 */
export function joinTopK (encoder: Uint8Array, base: Float32Array, width: number): Uint8Array {
  const model = ModelProto.toObject(ModelProto.decode(encoder), { longs: Number }) as Model
  const rows = base.length / width
  const { float32, bool, int64 } = ELEMENT_TYPES
  const tensor = (name: string, dims: number[], data: Float32Array): object =>
    ({ name, dims, data_type: float32, raw_data: new Uint8Array(data.buffer) })
  const value = (name: string, type: number, shape: Array<number | string>): object => {
    const dim = shape.map((axis) => typeof axis === 'number' ? { dim_value: axis } : { dim_param: axis })
    return { name, type: { tensor_type: { elem_type: type, shape: { dim } } } }
  }
  const node = (type: string, input: string[], output: string[], attribute: object[] = []): object =>
    ({ op_type: type, name: `${type}_${output[0]}`, input, output, attribute })
  const { graph } = model
  return ModelProto.encode(ModelProto.fromObject({
    ...model,
    graph: {
      ...graph,
      node: [
        ...graph.node,
        node('MatMul', ['user_vec', 'items'], ['all_scores']),
        node('Where', ['found', 'all_scores', 'lowest'], ['masked']),
        node('TopK', ['masked', 'k'], ['scores', 'columns'], [{ name: 'axis', i: -1, type: 2 }]),
      ],
      initializer: [
        ...graph.initializer,
        tensor('items', [width, rows], transpose(base, width)),
        tensor('lowest', [], Float32Array.of(LOWEST)),
      ],
      input: [...graph.input, value('found', bool, ['B', rows]), value('k', int64, [1])],
      output: [value('scores', float32, ['B', 'K']), value('columns', int64, ['B', 'K'])],
    },
  })).finish()
}
