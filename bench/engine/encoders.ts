import { onnxOps, type OnnxOps } from '../../src/nn/onnx-ops.ts'
import { createRandom, type Random } from '../../src/random.ts'
import { encodeUser, fuse } from '../../src/systems/encode-user.ts'
import { initialWeights } from '../../src/systems/initial-weights.ts'
import { type ThreadInput, threadSteps } from '../../src/systems/read-thread.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { localThread, systemSpec } from '../../src/systems/spec.ts'
import { padPositions } from '../../src/data/window.ts'
import type { OrtTensor } from '../../src/encode/ort.ts'

/** The encoder that is measured: LLM4CDSR's, two threads of width 128, two layers each, untrained. */
export const SHAPE = { width: 128, length: 50, userWidth: 256 } as const

const TEXT_WIDTH = 384
const DOMAINS = [{ name: 'sport', size: 8, offset: 0 }, { name: 'cloth', size: 8, offset: 8 }]

/**
 * The graph of one domain's user encoder, twice: as it is exported, whose last layer computes the last position alone,
 * and one whose last layer computes all positions, of which the last is taken then. The same numbers come out.
 */
export function encoderGraphs (): { readonly last: Uint8Array, readonly all: Uint8Array } {
  const settings = resolveSettings('llm4cdsr', 'product', TEXT_WIDTH, { width: SHAPE.width, length: SHAPE.length })
  const spec = systemSpec(settings, DOMAINS)
  const random = createRandom(1, 'bench/engine')
  const rows = Float32Array.from({ length: 16 * TEXT_WIDTH }, () => random.normal())
  const weights = initialWeights(spec, settings, DOMAINS, { width: TEXT_WIDTH, rows })
  type Local = ThreadInput<string> & { has: string }
  const graph = (user: (ops: OnnxOps, global: ThreadInput<string>, local: Local) => string): Uint8Array => {
    const ops = onnxOps('user', weights)
    const input = (thread: string, length: string): ThreadInput<string> => ({
      x: ops.input(`x_${thread}`, 'float32', ['B', length, SHAPE.width]),
      positions: ops.input(`pos_${thread}`, 'int64', ['B', length]),
      mask: ops.input(`mask_${thread}`, 'bool', ['B', length]),
    })
    const local = { ...input('local', 'M'), has: ops.input('has_local', 'float32', ['B', 1]) }
    ops.output('user_vec', user(ops, input('global', 'L'), local), ['B', SHAPE.userWidth])
    return ops.build()
  }
  return {
    last: graph((ops, global, local) => encodeUser(ops, spec, settings, 0, { global, local })),
    all: graph((ops, global, local) => {
      const end = ops.last(threadSteps(ops, spec.threads[0]!, settings, global))
      const ownEnd = ops.last(threadSteps(ops, localThread(spec, 0)!, settings, local))
      return fuse(ops, spec, end, ops.mul(ownEnd, local.has))
    }),
  }
}

/** Histories of 5 to 50 items, of which about half are of the domain. */
export interface Histories { readonly lengths: readonly number[], readonly own: readonly number[] }

export function drawHistories (count: number, random: Random): Histories {
  const lengths = Array.from({ length: count }, () => 5 + random.integer(SHAPE.length - 4))
  return { lengths, own: lengths.map((length) => Math.max(1, Math.round(length * (0.3 + 0.4 * random.next())))) }
}

/** Inputs of the encoder, padded to the longest of the batch or to a length that all batches have. */
export function encoderFeeds ({ lengths, own }: Histories, random: Random, padTo?: number): Record<string, OrtTensor> {
  const thread = (name: string, counts: readonly number[]): Record<string, OrtTensor> => {
    const longest = padTo ?? Math.max(...counts)
    const positions = padPositions(counts, longest)
    const x = new Float32Array(positions.length * SHAPE.width)
    for (let i = 0; i < x.length; i++) if (positions[Math.floor(i / SHAPE.width)]! > 0) x[i] = random.normal() / 11
    const dims = [counts.length, longest]
    return {
      [`x_${name}`]: { type: 'float32', data: x, dims: [...dims, SHAPE.width] },
      [`pos_${name}`]: { type: 'int64', data: BigInt64Array.from(positions, BigInt), dims },
      [`mask_${name}`]: { type: 'bool', data: Uint8Array.from(positions, (p) => p > 0 ? 1 : 0), dims },
    }
  }
  return {
    ...thread('global', lengths),
    ...thread('local', own),
    has_local: { type: 'float32', data: new Float32Array(lengths.length).fill(1), dims: [lengths.length, 1] },
  }
}
