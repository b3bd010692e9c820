import type { GraphBuilder } from '../onnx/graph-builder.ts'

/**
 * The inner products [B, rows] of `queries` [B, width] with the rows, which are a constant of the graph.
 * @param base [rows, width], row-major
 */
export function scoreFloats (graph: GraphBuilder, queries: string, base: Float32Array, width: number): string {
  // Transposed here once: ONNX Runtime packs a constant right-hand side for its kernels when it loads.
  return graph.node('MatMul', [queries, graph.constant('base', [width, base.length / width], transpose(base, width))])
}

/** [rows, width] to [width, rows], row-major. */
export function transpose (values: Float32Array, width: number): Float32Array {
  const rows = values.length / width
  const out = new Float32Array(values.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < width; c++) out[c * rows + r] = values[r * width + c]!
  return out
}
