import { IsthmusError } from '../errors.ts'
import { ModelProto } from '../onnx/model-proto.ts'

interface Tensor { readonly data_location: number, readonly external_data: readonly unknown[] }
interface Attribute {
  readonly t: Tensor | null
  readonly g: Graph | null
  readonly tensors: readonly Tensor[]
  readonly graphs: readonly Graph[]
}
interface Node { readonly op_type: string, readonly domain: string, readonly attribute: readonly Attribute[] }
interface Graph {
  readonly node: readonly Node[]
  readonly initializer: readonly Tensor[]
  readonly sparse_initializer: readonly unknown[]
}
interface Model {
  readonly graph: Graph | null
  readonly opset_import: ReadonlyArray<{ readonly domain: string }>
  readonly functions: readonly unknown[]
}

const MOST_NODES = 20_000
const OWN_DOMAINS = new Set(['', 'ai.onnx'])

/**
 * Refuses a model that could read other files or run foreign code: external data, custom operators, functions,
 * control flow (no encoder of ours has any) and absurd sizes. Fails with `artefact_invalid`.
 */
export function scanOnnx (bytes: Uint8Array, file: string): void {
  const refuse = (message: string, cause?: unknown): never => {
    throw new IsthmusError('artefact_invalid', `${file} ${message}`, { cause, place: { file } })
  }
  const model = decode(bytes, refuse)
  if (model.graph === null || model.graph.node.length === 0) return refuse('has no graph')
  if (model.graph.node.length > MOST_NODES) refuse('has too many nodes')
  if (model.functions.length > 0) refuse('defines functions')
  if (model.opset_import.some(({ domain }) => !OWN_DOMAINS.has(domain))) refuse('asks for custom operators')
  if (model.graph.sparse_initializer.length > 0) refuse('has sparse weights')

  const tensors = [...model.graph.initializer]
  for (const { op_type: type, domain, attribute } of model.graph.node) {
    if (!OWN_DOMAINS.has(domain)) refuse(`has a custom operator (${type.slice(0, 64)})`)
    for (const { t, g, tensors: several, graphs } of attribute) {
      if (g !== null || graphs.length > 0) refuse(`has control flow (${type.slice(0, 64)})`)
      tensors.push(...several, ...(t === null ? [] : [t]))
    }
  }
  if (tensors.some((tensor) => tensor.data_location !== 0 || tensor.external_data.length > 0)) {
    refuse('keeps weights in another file')
  }
}

function decode (bytes: Uint8Array, refuse: (message: string, cause?: unknown) => never): Model {
  try {
    // The shape is that of the schema which the decoder was made from.
    return ModelProto.decode(bytes) as unknown as Model
  } catch (cause) {
    return refuse('is no ONNX file', cause)
  }
}
