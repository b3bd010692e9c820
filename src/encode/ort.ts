import type * as OnnxRuntime from 'onnxruntime-node'
import type { InferenceSession } from 'onnxruntime-node'
import { IsthmusError } from '../errors.ts'
import { missingCuda } from './cuda-libraries.ts'

/** What an operator asks for. `auto` is CUDA where it loads, else the CPU, and the session says which. */
export type ProviderChoice = 'auto' | 'cuda' | 'cpu'
export type Provider = 'cuda' | 'cpu'

/** A tensor as plain data, row-major. */
export type OrtTensor =
  | { readonly type: 'float32', readonly data: Float32Array, readonly dims: readonly number[] }
  | { readonly type: 'int64', readonly data: BigInt64Array, readonly dims: readonly number[] }
  | { readonly type: 'int32', readonly data: Int32Array, readonly dims: readonly number[] }
  | { readonly type: 'bool', readonly data: Uint8Array, readonly dims: readonly number[] }

export interface OrtSession {
  readonly provider: Provider
  /** Under `auto`: why CUDA is not in use. */
  readonly fallback?: string
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Blocks the calling thread while it computes (the binding has no thread of its own): never on the HTTP thread. */
  run: (feeds: Readonly<Record<string, OrtTensor>>, outputs?: readonly string[]) => Promise<Record<string, OrtTensor>>
  close: () => Promise<void>
}

export interface OpenSessionOptions {
  readonly provider?: ProviderChoice
  /** Threads inside one operator. More than one pays only for large batches, and takes cores from the neighbours. */
  readonly threads?: number
}

/**
 * Opens a model, given as a path or as bytes.
 * Fails with `provider_unavailable` (CUDA asked for and not there, or no native binding for this platform) or
 * `artefact_invalid` (a file that is no model).
 */
export async function openSession (
  model: string | Uint8Array, { provider = 'auto', threads = 1 }: OpenSessionOptions = {}
): Promise<OrtSession> {
  const ort = await loadOrt()
  const create = async (names: readonly Provider[]): Promise<InferenceSession> => {
    const options: InferenceSession.SessionOptions = {
      executionProviders: names,
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    }
    // The two overloads take one of the kinds each.
    return typeof model === 'string'
      ? await ort.InferenceSession.create(model, options)
      : await ort.InferenceSession.create(model, options)
  }
  const onCpu = async (): Promise<InferenceSession> => await create(['cpu']).catch((cause: unknown) => {
    throw new IsthmusError('artefact_invalid', 'ONNX Runtime cannot open the model', {
      cause, ...(typeof model === 'string' ? { place: { file: model } } : {}),
    })
  })

  if (provider === 'cpu') return wrap(ort.Tensor, await onCpu(), 'cpu')
  try {
    return wrap(ort.Tensor, await create(['cuda', 'cpu']), 'cuda')
  } catch (cause) {
    // Whatever kept CUDA away, the CPU session tells a bad model from a missing provider.
    const session = await onCpu()
    const { reason = firstLine(cause) } = noCuda ??= { reason: missingCuda() }
    if (provider === 'auto') return wrap(ort.Tensor, session, 'cpu', reason)
    await session.release()
    throw new IsthmusError('provider_unavailable', `CUDA does not load: ${reason}`, { cause })
  }
}

type Ort = typeof OnnxRuntime

/** Looked for once: a process opens many sessions, and what it may load was settled when it started. */
let noCuda: { readonly reason: string | undefined } | undefined

async function loadOrt (): Promise<Ort> {
  try {
    const ort = await import('onnxruntime-node')
    // Each failure reaches us as an exception too; its copy on stderr would greet every machine without CUDA.
    ort.env.logLevel = 'fatal'
    return ort
  } catch (cause) {
    throw new IsthmusError('provider_unavailable', `onnxruntime-node does not load: ${firstLine(cause)}`, { cause })
  }
}

function wrap (Tensor: Ort['Tensor'], session: InferenceSession, provider: Provider, fallback?: string): OrtSession {
  return {
    provider,
    ...(fallback === undefined ? {} : { fallback }),
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run (feeds, outputs = session.outputNames) {
      const given = Object.fromEntries(
        Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)])
      )
      const found = await session.run(given, [...outputs])
      // Our graphs put out these four types only; `data` of such a tensor on the CPU is the array named in OrtTensor.
      return Object.fromEntries(
        outputs.map((name) => [name, found[name]! as unknown as OrtTensor])
      )
    },
    close: async () => await session.release(),
  }
}

function firstLine (error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!
}
