import { InferenceSession, Tensor } from 'onnxruntime-node'

/** A feed of one input: floats, integers or truth values in row-major order. */
export interface Feed {
  readonly type: 'float32' | 'int64' | 'bool'
  readonly data: ArrayLike<number>
  readonly dims: number[]
}

/** Runs a graph once and gives its outputs by name. */
export async function runOnnx (bytes: Uint8Array, feeds: Record<string, Feed>): Promise<Map<string, Float32Array>> {
  // Tests declare no shape for their outputs, which is not worth the warning.
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, tensor(feed)]))
  const outputs = await session.run(inputs)
  await session.release()
  return new Map(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]))
}

function tensor ({ type, data, dims }: Feed): Tensor {
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(Array.from(data, BigInt)), dims)
  if (type === 'bool') return new Tensor('bool', Uint8Array.from(data), dims)
  return new Tensor('float32', Float32Array.from(data), dims)
}
