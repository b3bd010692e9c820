import { createGraph } from '../onnx/graph-builder.ts'
import { openSession, type Provider, type ProviderChoice } from './ort.ts'

/** Scores and columns of the best, row-major [queries, k]; a column that the mask forbids has a score of -Infinity. */
export interface TopK { readonly scores: Float32Array, readonly columns: Int32Array }

/** Exact search in ONNX Runtime: MatMul, mask, TopK. Blocks the calling thread. */
export interface ExactTopK {
  readonly provider: Provider
  /**
   * @param queries [count, width]
   * @param mask [count, base rows + added rows], 1 = may be found
   * @param added [added rows, width]: columns after those of the base; at least one row
   * @param k at most the number of columns; equal scores come in the order of their columns
   */
  search: (queries: Float32Array, mask: Uint8Array, added: Float32Array, k: number) => Promise<TopK>
  close: () => Promise<void>
}

const LOWEST = Math.fround(-3e38)

/** @param base [rows, width], row-major, at least one row; copied into the session */
export async function openExactTopK (
  base: Float32Array, width: number, provider: ProviderChoice = 'auto'
): Promise<ExactTopK> {
  const rows = base.length / width
  const session = await openSession(topKGraph(base, rows, width), { provider })
  return {
    provider: session.provider,
    async search (queries, mask, added, k) {
      const count = queries.length / width
      const addedRows = added.length / width
      const { scores, columns } = await session.run({
        queries: { type: 'float32', data: queries, dims: [count, width] },
        mask: { type: 'bool', data: mask, dims: [count, rows + addedRows] },
        added: { type: 'float32', data: added, dims: [addedRows, width] },
        k: { type: 'int64', data: BigInt64Array.of(BigInt(k)), dims: [1] },
      })
      // The types are those that the graph below declares.
      const found = scores!.data as Float32Array
      return {
        scores: found.map((score) => score <= LOWEST ? -Infinity : score),
        columns: columns!.data as Int32Array,
      }
    },
    close: session.close,
  }
}

function topKGraph (base: Float32Array, rows: number, width: number): Uint8Array {
  const graph = createGraph('exact-top-k')
  const queries = graph.input('queries', 'float32', ['B', width])
  const mask = graph.input('mask', 'bool', ['B', 'N'])
  const added = graph.input('added', 'float32', ['A', width])
  const k = graph.input('k', 'int64', [1])
  // Transposed here once: ONNX Runtime packs a constant right-hand side for its kernels when it loads.
  const known = graph.constant('base', [width, rows], transpose(base, rows, width))
  const scores = graph.node('Concat', [
    graph.node('MatMul', [queries, known]), // [B, rows]
    graph.node('MatMul', [queries, graph.node('Transpose', [added], { perm: [1, 0] })]), // [B, A]
  ], { axis: 1 })
  const masked = graph.node('Where', [mask, scores, graph.scalar(LOWEST)]) // [B, N]
  const [values, columns] = graph.nodes('TopK', [masked, k], 2, { axis: -1, largest: 1, sorted: 1 })
  graph.output('scores', values!, 'float32', ['B', 'K'])
  graph.output('columns', graph.node('Cast', [columns!], { to: 6 }), 'int32', ['B', 'K'])
  return graph.build()
}

function transpose (values: Float32Array, rows: number, width: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < width; c++) out[c * rows + r] = values[r * width + c]!
  return out
}
