import { createGraph } from '../onnx/graph-builder.ts'
import { scoreFloats } from './float-rows.ts'
import { scoreInt8 } from './int8-rows.ts'
import { openSession, type OrtSession, type ProviderChoice } from './ort.ts'

const WIDTH = 256
const ROWS = 256
const RUNS = 7
/**
 * Times as long as float32 takes. Without kernels for it the runtime turns the rows into floats at each call: 2.8 to 3
 * times over these few rows, which are mostly overhead (20 times over many), where kernels take 0.9 to 1.1.
 */
const SLOWEST = 1.7

const answers = new Map<ProviderChoice, Promise<string | undefined>>()

/**
 * Why rows in int8 are not to be scanned here, if they are not. A processor may lack the instructions, and a kernel may
 * round more than `scoreInt8` allows for (queries as a whole instead of by blocks, sums that are cut off at 16 bits):
 * both are asked of the runtime itself, once a thread, in some twenty milliseconds.
 */
export async function int8Doubt (provider: ProviderChoice): Promise<string | undefined> {
  const known = answers.get(provider) ?? ask(provider)
  answers.set(provider, known)
  return await known
}

async function ask (provider: ProviderChoice): Promise<string | undefined> {
  const base = hardRows()
  const queries = hardQueries()
  const floats = createGraph('probe')
  floats.output('scores', scoreFloats(floats, floats.input('queries', 'float32', ['B', WIDTH]), base, WIDTH),
    'float32', ['B', ROWS])
  const bytes = createGraph('probe')
  const { scores, furthest } = scoreInt8(bytes, bytes.input('queries', 'float32', ['B', WIDTH]), base, WIDTH)
  bytes.output('scores', scores, 'float32', ['B', ROWS])

  const exact = await openSession(floats.build(), { provider })
  const rounded = exact.provider === 'cpu' ? await openSession(bytes.build(), { provider }) : undefined
  try {
    if (rounded === undefined) return 'it runs on CUDA'
    const wanted = await run(exact, queries)
    const found = await run(rounded, queries)
    for (const [i, score] of wanted.entries()) {
      const from = Math.floor(i / ROWS) * WIDTH
      if (Math.abs(score - found[i]!) > furthest(queries.subarray(from, from + WIDTH))) {
        return 'its kernels for int8 round too much on this processor'
      }
    }
    const one = queries.subarray(0, WIDTH)
    return await fastest(rounded, one) > SLOWEST * await fastest(exact, one)
      ? 'it has no kernels for int8 on this processor'
      : undefined
  } finally {
    await exact.close()
    await rounded?.close()
  }
}

/** The largest values, all of a sign and by turns, and any. */
function hardRows (): Float32Array {
  const rows = new Float32Array(ROWS * WIDTH)
  for (let i = 0; i < rows.length; i++) rows[i] = anything(i)
  rows.fill(1, 0, WIDTH).fill(-1, WIDTH, 2 * WIDTH)
  for (let i = 2 * WIDTH; i < 4 * WIDTH; i++) rows[i] = i % 2 === Math.floor(i / WIDTH) % 2 ? 1 : -1
  return rows
}

/** The same, and one of which a part is much larger than the rest: rounded as a whole it would keep nothing of that. */
function hardQueries (): Float32Array {
  const queries = new Float32Array(4 * WIDTH)
  for (let i = 0; i < WIDTH; i++) {
    queries[i] = anything(i + 1)
    queries[WIDTH + i] = 1
    queries[2 * WIDTH + i] = i % 2 === 0 ? 1 : -1
    queries[3 * WIDTH + i] = anything(i + 2) * (i < WIDTH / 4 ? 1 : 0.003)
  }
  return queries
}

/** From -1 to 1, without an order that rounding could follow (Knuth's multiplicative hash). */
function anything (i: number): number {
  return (Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 31 - 1
}

async function run (session: OrtSession, queries: Float32Array): Promise<Float32Array> {
  const { scores } = await session.run({
    queries: { type: 'float32', data: queries, dims: [queries.length / WIDTH, WIDTH] },
  })
  return scores!.data as Float32Array // The graphs declare what they put out.
}

async function fastest (session: OrtSession, query: Float32Array): Promise<number> {
  let least = Infinity
  for (let i = 0; i < RUNS; i++) {
    const begun = performance.now()
    await run(session, query)
    least = Math.min(least, performance.now() - begun)
  }
  return least
}
