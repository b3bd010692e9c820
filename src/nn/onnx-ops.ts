import { createGraph, type Attribute, type Shape } from '../onnx/graph-builder.ts'
import { ELEMENT_TYPES, type ElementType } from '../onnx/model-proto.ts'
import { namedWeight, type MaskMode, type Ops, SHUT, type Weights } from './ops.ts'

/** Operations that record themselves, with the graph's ends. A value is the name it has in the graph. */
export interface OnnxOps extends Ops<string> {
  /** Declares an input. A bool (a mask) is handed on as float32, 1 and 0, as `Ops` wants it. */
  input: (name: string, type: ElementType, shape: Shape) => string
  /** Declares a float output. */
  output: (name: string, value: string, shape: Shape) => void
  /** The bytes of the .onnx file, with the weights that were used. */
  build: () => Uint8Array
}

const BARRED = -1e9
const SMALLEST_SQUARE = 1e-16
const TO_THE_END = 2 ** 31 - 1

/** Records model code as a graph named `name`, always in evaluation mode. */
export function onnxOps (name: string, weights: Weights): OnnxOps {
  const graph = createGraph(name)
  // A transposition names all axes, so every value's number of axes is kept; not known here means a scalar.
  const ranks = new Map<string, number>()
  const rank = (value: string): number => ranks.get(value) ?? 0
  const node = (
    type: string, inputs: readonly string[], axes: number, attributes?: Record<string, Attribute>
  ): string => {
    const value = graph.node(type, inputs, attributes)
    ranks.set(value, axes)
    return value
  }
  const integer = (value: number): string => graph.constant(`integer_${value}`, [], BigInt64Array.of(BigInt(value)))
  const broadcast = (type: string, a: string, b: string): string => node(type, [a, b], Math.max(rank(a), rank(b)))
  const map = (type: string, x: string, attributes?: Record<string, Attribute>): string =>
    node(type, [x], rank(x), attributes)
  const times = (x: string, factor: number): string => broadcast('Mul', x, graph.scalar(factor))
  const transpose = (x: string, perm: readonly number[]): string => map('Transpose', x, { perm })

  const attentionBias = (mask: string, mode: MaskMode, sequences?: string): string => {
    const length = graph.node('Gather', [graph.node('Shape', [mask]), integer(1)])
    const steps = graph.node('Range', [integer(0), length, integer(1)])
    const rows = graph.node('Unsqueeze', [steps, graph.integers([0, 1, 3])]) // [1, 1, L, 1]
    const columns = graph.node('Unsqueeze', [steps, graph.integers([0, 1, 2])]) // [1, 1, 1, L]
    const past = graph.node('LessOrEqual', [columns, rows])
    const real = graph.node('Unsqueeze', [graph.node('Greater', [mask, graph.scalar(0)]), graph.integers([1, 2])])
    const itself = graph.node('Equal', [columns, rows])
    const across = (axis: number): string => graph.node('Unsqueeze', [sequences!, graph.integers([1, axis])])
    const own = sequences === undefined
      ? real
      : graph.node('And', [real, graph.node('Equal', [across(3), across(2)])]) // [B, 1, L, L]
    const allowed = {
      causal_pad: () => graph.node('Or', [graph.node('And', [past, own]), itself]),
      pad: () => graph.node('Or', [own, itself]),
      causal: () => past,
      none: () => graph.node('Or', [past, graph.node('Not', [past])]),
    }[mode]()
    return node('Where', [allowed, graph.scalar(0), graph.scalar(BARRED)], 4)
  }

  const matMul = (a: string, b: string, transposeB = false): string => {
    const axes = rank(b)
    const turned = transposeB ? transpose(b, [...Array(axes - 2).keys(), axes - 1, axes - 2]) : b
    return node('MatMul', [a, turned], axes)
  }
  const softmax = (x: string): string => map('Softmax', x, { axis: -1 })

  return {
    input (key, type, shape) {
      graph.input(key, type, shape)
      ranks.set(key, shape.length)
      return type === 'bool' ? map('Cast', key, { to: ELEMENT_TYPES.float32 }) : key
    },
    output: (key, value, shape) => graph.output(key, value, 'float32', shape),
    build: graph.build,
    weight (key) {
      const found = namedWeight(weights, key)
      // A prefix, since inputs and weights may be called alike.
      const value = graph.constant(`weight/${key}`, found.shape, found.data)
      ranks.set(value, found.shape.length)
      return value
    },
    add: (a, b) => broadcast('Add', a, b),
    sub: (a, b) => broadcast('Sub', a, b),
    mul: (a, b) => broadcast('Mul', a, b),
    scale: times,
    relu: (x) => map('Relu', x),
    // Gelu is no operator before opset 20.
    gelu: (x) => broadcast('Mul', times(x, 0.5), broadcast('Add', map('Erf', times(x, Math.SQRT1_2)), graph.scalar(1))),
    sigmoid: (x) => map('Sigmoid', x),
    tanh: (x) => map('Tanh', x),
    linear (x, kernel, bias) {
      const product = node('MatMul', [x, kernel], rank(x))
      return bias === undefined ? product : broadcast('Add', product, bias)
    },
    matMul,
    softmax,
    layerNorm: (x, gain, bias, epsilon) =>
      node('LayerNormalization', [x, gain, bias], rank(x), { axis: -1, epsilon: { real: epsilon } }),
    l2Normalize (x) {
      const square = node('ReduceSum', [broadcast('Mul', x, x), graph.integers([-1])], rank(x), { keepdims: 1 })
      const smallest = graph.scalar(SMALLEST_SQUARE)
      const real = map('Cast', broadcast('Greater', square, smallest), { to: ELEMENT_TYPES.float32 })
      const inverse = broadcast('Div', real, map('Sqrt', broadcast('Max', square, smallest)))
      return broadcast('Mul', x, inverse)
    },
    gather: (table, indices) => node('Gather', [table, indices], rank(indices) + rank(table) - 1, { axis: 0 }),
    concat: (parts) => node('Concat', parts, rank(parts[0] ?? ''), { axis: -1 }),
    columns: (mask) => node('Unsqueeze', [mask, graph.integers([2])], 3),
    attentionBias,
    attend ({ query, key, value }, bias, { d, heads }) {
      const split = (x: string): string => // [B, L, d] -> [B, h, L, d/h]
        transpose(node('Reshape', [x, graph.integers([0, 0, heads, -1])], 4), [0, 2, 1, 3])
      const scores = times(matMul(split(query), split(key), true), 1 / Math.sqrt(d / heads))
      const seen = matMul(softmax(broadcast('Add', scores, bias)), split(value)) // [B, h, n, d/h]
      return node('Reshape', [transpose(seen, [0, 2, 1, 3]), graph.integers([0, 0, -1])], 3)
    },
    gru (x, mask, h, { input, hidden }) {
      // The operator knows no padding on the left: a column of the input says it, and shuts the gates.
      const gates = Float32Array.from({ length: 3 * h }, (_, i) => i < h ? SHUT : 0)
      const shut = graph.constant(`shut_${h}`, [1, 3 * h], gates)
      const padding = node('Sub', [graph.scalar(1), node('Unsqueeze', [mask, graph.integers([2])], 3)], 3)
      const steps = transpose(node('Concat', [x, padding], 3, { axis: -1 }), [1, 0, 2]) // [L, B, in + 1]
      const first = graph.integers([0])
      // [1, 3h, in], as the operator has it.
      const turned = (kernel: string): string => node('Unsqueeze', [transpose(kernel, [1, 0]), first], 3)
      const kernel = node('Concat', [input.kernel, shut], 2, { axis: 0 })
      const biases = node('Unsqueeze', [node('Concat', [input.bias, hidden.bias], 1, { axis: 0 }), first], 2)
      const states = node('GRU', [steps, turned(kernel), turned(hidden.kernel), biases], 4, {
        hidden_size: h, linear_before_reset: 1,
      }) // [L, 1, B, h]
      return transpose(node('Squeeze', [states, graph.integers([1])], 3), [1, 0, 2])
    },
    append (x, step) {
      const first = node('Slice', [x, graph.integers([0]), graph.integers([1]), graph.integers([1])], rank(x))
      const one = typeof step === 'number' ? graph.scalar(step) : step
      const zero = node('Sub', [first, first], rank(x)) // [B, 1] or [B, 1, d]
      return node('Concat', [x, broadcast('Add', zero, one)], rank(x), { axis: 1 })
    },
    appendPosition (positions) {
      const end = node('Gather', [positions, graph.integers([-1])], 2, { axis: 1 }) // [B, 1]
      return node('Concat', [positions, node('Add', [end, integer(1)], 2)], 2, { axis: 1 })
    },
    dropout: (x) => x,
    lastRow: (x) =>
      node('Slice', [x, graph.integers([-1]), graph.integers([TO_THE_END]), graph.integers([-2])], rank(x)),
    last: (x) => node('Gather', [x, integer(-1)], 2, { axis: 1 }),
  }
}
