import { type ValueRange, withOutputs } from '../onnx/quantize.ts'
import { openSession, type OrtTensor } from './ort.ts'

/** Between which numbers float values of a graph lie, over some runs of it. @param runs its inputs */
export async function valueRanges (
  model: Uint8Array, values: readonly string[], runs: Iterable<Readonly<Record<string, OrtTensor>>>
): Promise<Map<string, ValueRange>> {
  const session = await openSession(withOutputs(model, values), { provider: 'cpu' })
  try {
    const ranges = new Map<string, ValueRange>()
    for (const feeds of runs) {
      const found = await session.run(feeds, values)
      for (const name of values) {
        let { low, high } = ranges.get(name) ?? { low: Infinity, high: -Infinity }
        // Whoever asks for a value of another type has no use for the answer.
        for (const value of found[name]!.data as Float32Array) {
          low = Math.min(low, value)
          high = Math.max(high, value)
        }
        ranges.set(name, { low, high })
      }
    }
    return ranges
  } finally {
    await session.close()
  }
}
