import type { EncoderFacts } from '../bundle/manifest.ts'
import { padPositions } from '../data/window.ts'
import { IsthmusError } from '../errors.ts'
import { groupByLength, positionsPerRun } from './length-groups.ts'
import { openSession, type OrtTensor, type Provider, type ProviderChoice } from './ort.ts'

/** One item of a window: its vector [globalWidth + localWidth], and whether it is of the domain asked for. */
export interface WindowItem {
  readonly vector: Float32Array
  readonly own: boolean
}

/** Turns histories into user vectors of one domain: `user-<domain>.onnx` with its inputs packed. */
export interface UserEncoder {
  readonly provider: Provider
  /** Under `auto`: why CUDA is not in use. */
  readonly fallback?: string
  /**
   * Windows (oldest first, already cut to the window length; may be empty) -> [windows.length, userWidth], row-major.
   * Padded to the longest of those that are run together only: on the CPU a batch is split into runs of like lengths.
   * Fails with `engine_bad_output` where a result is not finite.
   */
  encode: (windows: ReadonlyArray<readonly WindowItem[]>) => Promise<Float32Array>
  close: () => Promise<void>
}

const GLOBAL_INPUTS = ['x_global', 'pos_global', 'mask_global']
const LOCAL_INPUTS = ['x_local', 'pos_local', 'mask_local', 'has_local']

export interface OpenUserEncoderOptions {
  readonly provider?: ProviderChoice
  /** The model's file, for errors. */
  readonly file?: string
}

/** @param model bytes of the graph, already verified. Fails with `artefact_invalid` where its inputs are others. */
export async function openUserEncoder (
  model: Uint8Array, facts: EncoderFacts, { provider = 'auto', file = 'user encoder' }: OpenUserEncoderOptions = {}
): Promise<UserEncoder> {
  const session = await openSession(model, { provider })
  const wanted = [...GLOBAL_INPUTS, ...(hasLocalThread(facts) ? LOCAL_INPUTS : [])]
  const same = wanted.length === session.inputNames.length && wanted.every((name) => session.inputNames.includes(name))
  if (!same || !session.outputNames.includes('user_vec')) {
    await session.close()
    throw new IsthmusError('artefact_invalid', `${file} has other inputs or outputs than an encoder`, { place: { file } })
  }

  return {
    provider: session.provider,
    ...(session.fallback === undefined ? {} : { fallback: session.fallback }),
    async encode (windows) {
      // A GPU does the padding in no time, but each run has to be started.
      const groups = session.provider === 'cuda'
        ? []
        : groupByLength(windows.map(({ length }) => length), positionsPerRun(facts.globalWidth))
      if (groups.length < 2) return await run(windows)
      const users = new Float32Array(windows.length * facts.userWidth)
      for (const rows of groups) {
        const vectors = await run(rows.map((row) => windows[row]!))
        for (const [i, row] of rows.entries()) {
          users.set(vectors.subarray(i * facts.userWidth, (i + 1) * facts.userWidth), row * facts.userWidth)
        }
      }
      return users
    },
    close: session.close,
  }

  async function run (windows: ReadonlyArray<readonly WindowItem[]>): Promise<Float32Array> {
    const { user_vec: output } = await session.run(packWindows(windows, facts), ['user_vec'])
    if (output?.type !== 'float32' || output.data.length !== windows.length * facts.userWidth) {
      throw new IsthmusError('engine_bad_output', `${file} gave vectors of another shape`, { place: { file } })
    }
    if (!output.data.every(Number.isFinite)) {
      throw new IsthmusError('engine_bad_output', `${file} gave a vector that is not finite`, { place: { file } })
    }
    return output.data
  }
}

/** Whether the domain's own events go into the encoder beside all of them. */
export function hasLocalThread ({ localWidth, sharedItems }: EncoderFacts): boolean {
  return localWidth > 0 || sharedItems === true
}

/** The inputs of an encoder's graph for windows, padded to the longest of them. */
export function packWindows (
  windows: ReadonlyArray<readonly WindowItem[]>, facts: EncoderFacts
): Record<string, OrtTensor> {
  return {
    ...packThread('global', windows, 0, facts.globalWidth),
    ...(hasLocalThread(facts) ? packLocal(windows, facts) : {}),
  }
}

function packLocal (
  windows: ReadonlyArray<readonly WindowItem[]>, { globalWidth, localWidth, sharedItems }: EncoderFacts
): Record<string, OrtTensor> {
  const own = windows.map((window) => window.filter((item) => item.own))
  const has = Float32Array.from(own, (rows) => rows.length > 0 ? 1 : 0)
  return {
    ...(sharedItems === true
      ? packThread('local', own, 0, globalWidth)
      : packThread('local', own, globalWidth, localWidth)),
    has_local: { type: 'float32', data: has, dims: [windows.length, 1] },
  }
}

/** Vectors, positions and mask of one thread, padded on the left to the longest row. */
function packThread (
  thread: string, rows: ReadonlyArray<readonly WindowItem[]>, from: number, width: number
): Record<string, OrtTensor> {
  const lengths = rows.map((row) => row.length)
  const longest = Math.max(1, ...lengths)
  const x = new Float32Array(rows.length * longest * width) // [B, L, d]
  for (const [r, row] of rows.entries()) {
    for (const [i, item] of row.entries()) {
      x.set(item.vector.subarray(from, from + width), ((r + 1) * longest - row.length + i) * width)
    }
  }
  const numbers = padPositions(lengths, longest) // [B, L]; 0 on padding
  // Loops, since `from` with a function takes as long as the vectors above.
  const positions = new BigInt64Array(numbers.length)
  const mask = new Uint8Array(numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    const position = numbers[i]!
    if (position === 0) continue
    positions[i] = BigInt(position)
    mask[i] = 1
  }
  const dims = [rows.length, longest]
  return {
    [`x_${thread}`]: { type: 'float32', data: x, dims: [...dims, width] },
    [`pos_${thread}`]: { type: 'int64', data: positions, dims },
    [`mask_${thread}`]: { type: 'bool', data: mask, dims },
  }
}
