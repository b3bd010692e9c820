import { createGraph, type GraphBuilder } from '../onnx/graph-builder.ts'
import { scoreFloats } from './float-rows.ts'
import { int8Doubt } from './int8-doubt.ts'
import { scoreInt8 } from './int8-rows.ts'
import { openSession, type Provider, type ProviderChoice } from './ort.ts'

/** Scores and columns of the best, row-major [queries, k]; a column that the mask forbids has a score of -Infinity. */
export interface TopK { readonly scores: Float32Array, readonly columns: Int32Array }

/** How the rows are kept that a scan reads: all of them, for each batch. */
export type RowKind = 'float32' | 'int8'

/** Every row scored in ONNX Runtime: a product of matrices, mask, TopK. Blocks the calling thread. */
export interface Scan {
  readonly provider: Provider
  readonly rows: RowKind
  /** Why int8 was not taken for rows that are many enough. */
  readonly doubt?: string
  /**
   * @param queries [count, width]
   * @param mask [count, base rows + added rows], 1 = may be found
   * @param added [added rows, width]: columns after those of the base; at least one row
   * @param k at most the number of columns; equal scores come in the order of their columns
   */
  search: (queries: Float32Array, mask: Uint8Array, added: Float32Array, k: number) => Promise<TopK>
  /** No score of this query [width] is further than this from the true one, the rounding of float32 aside. */
  slack: (query: Float32Array) => number
  close: () => Promise<void>
}

export interface OpenScanOptions {
  readonly provider?: ProviderChoice
  /** `auto`: int8 on a processor that is quick at it, where the rows are more than its caches hold. */
  readonly rows?: RowKind | 'auto'
  /** Awaited between the parts of a load. */
  readonly pause?: () => Promise<void>
}

const LOWEST = Math.fround(-3e38)

/** Numbers (2 MiB of them in float32) from which on a lone query waits for memory, a quarter of which int8 reads. */
const INT8_FROM = 1 << 19

/** @param base [rows, width], row-major, at least one row; copied into the session */
export async function openScan (
  base: Float32Array, width: number, { provider = 'auto', rows = 'auto', pause = async () => {} }: OpenScanOptions = {}
): Promise<Scan> {
  const wanted = rows === 'auto' ? (base.length >= INT8_FROM ? 'int8' : 'float32') : rows
  const doubt = rows === 'auto' && wanted === 'int8' ? await int8Doubt(provider) : undefined
  const kind = doubt === undefined ? wanted : 'float32'
  const count = base.length / width
  const graph = createGraph('scan')
  const queries = graph.input('queries', 'float32', ['B', width])
  const { scores, furthest } = kind === 'int8'
    ? scoreInt8(graph, queries, base, width)
    : { scores: scoreFloats(graph, queries, base, width), furthest: () => 0 }
  await pause()
  const session = await openSession(pickTopK(graph, queries, scores, width), { provider })
  return {
    provider: session.provider,
    rows: kind,
    ...(doubt !== undefined && { doubt }),
    async search (queries, mask, added, k) {
      const batch = queries.length / width
      const addedRows = added.length / width
      const { scores, columns } = await session.run({
        queries: { type: 'float32', data: queries, dims: [batch, width] },
        mask: { type: 'bool', data: mask, dims: [batch, count + addedRows] },
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
    slack: furthest,
    close: session.close,
  }
}

/** @param scores [B, rows]; those of the added rows come behind them */
function pickTopK (graph: GraphBuilder, queries: string, scores: string, width: number): Uint8Array {
  const mask = graph.input('mask', 'bool', ['B', 'N'])
  const added = graph.input('added', 'float32', ['A', width])
  const k = graph.input('k', 'int64', [1])
  const ofAdded = graph.node('MatMul', [queries, graph.node('Transpose', [added], { perm: [1, 0] })]) // [B, A]
  const all = graph.node('Concat', [scores, ofAdded], { axis: 1 })
  const masked = graph.node('Where', [mask, all, graph.scalar(LOWEST)]) // [B, N]
  const [values, columns] = graph.nodes('TopK', [masked, k], 2, { axis: -1, largest: 1, sorted: 1 })
  graph.output('scores', values!, 'float32', ['B', 'K'])
  graph.output('columns', graph.node('Cast', [columns!], { to: 6 }), 'int32', ['B', 'K'])
  return graph.build()
}
