import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { IsthmusError } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { packageRoot } from '../paths.ts'
import { openSession } from './ort.ts'

/** all-MiniLM-L6-v2 with int8 weights; models/text-encoder/README.md says where each file comes from. */
export const LOCAL_EMBEDDER_ID = 'all-MiniLM-L6-v2-int8/1'
export const LOCAL_EMBEDDER_WIDTH = 384

/** The id promises one vector per text, so the files it was measured with are the only ones accepted. */
const SHA256 = {
  'model.onnx': '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6',
  'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
} as const

const MAX_PIECES = 256

export interface LocalEmbedderOptions {
  /** Default: models/text-encoder of this package. */
  readonly folder?: string
  /** Threads of ONNX Runtime. For a whole catalogue two workers of one thread beat one of two. */
  readonly threads?: number
}

/**
 * The embedder that needs no network: mean of the last hidden states, then L2 norm.
 * It computes on the thread that calls `embed`; services use `text-client.ts`.
 * Fails with `artefact_missing` or `artefact_checksum_mismatch` before anything is loaded.
 */
export async function localEmbedder (
  { folder = join(packageRoot, 'models/text-encoder'), threads = 1 }: LocalEmbedderOptions = {}
): Promise<TextEmbedder> {
  const [model, tokenizerJson] = await Promise.all([
    readChecked(folder, 'model.onnx'), readChecked(folder, 'tokenizer.json'),
  ])
  const tokenize = tokenizer(JSON.parse(tokenizerJson.toString('utf8')) as Record<string, unknown>)
  // Integer kernels round otherwise on other providers, and the id promises one vector per text.
  const session = await openSession(model, { provider: 'cpu', threads })

  /**
   * One text a run: no padding to mask, and no row can depend on its neighbours. Nothing is lost by it: on one thread,
   * runs of 8 texts sorted by length took 3.8 to 5.7 ms a title, and single ones 4.6 to 5.0 ms.
   */
  const embedOne = async (text: string): Promise<Float32Array> => {
    const ids = tokenize(text)
    const dims = [1, ids.length]
    const { last_hidden_state: hidden } = await session.run({
      input_ids: { type: 'int64', data: BigInt64Array.from(ids, BigInt), dims },
      attention_mask: { type: 'int64', data: new BigInt64Array(ids.length).fill(1n), dims },
      token_type_ids: { type: 'int64', data: new BigInt64Array(ids.length), dims },
    })
    if (hidden?.type !== 'float32') throw new IsthmusError('embedder_failed', 'the text encoder gave no hidden states')
    return normalizedMean(hidden.data, ids.length)
  }

  return {
    id: LOCAL_EMBEDDER_ID,
    width: LOCAL_EMBEDDER_WIDTH,
    async embed (texts, { signal, onProgress } = {}) {
      const rows = new Float32Array(texts.length * LOCAL_EMBEDDER_WIDTH)
      for (const [row, text] of texts.entries()) {
        signal?.throwIfAborted()
        rows.set(await embedOne(text), row * LOCAL_EMBEDDER_WIDTH)
        onProgress?.(row + 1)
      }
      signal?.throwIfAborted()
      return rows
    },
    close: async () => await session.close(),
  }
}

async function readChecked (folder: string, name: keyof typeof SHA256): Promise<Buffer> {
  const file = join(folder, name)
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new IsthmusError('artefact_missing', `${name} of the text encoder cannot be read`, { cause, place: { file } })
  })
  if (createHash('sha256').update(bytes).digest('hex') !== SHA256[name]) {
    throw new IsthmusError('artefact_checksum_mismatch', `${name} of the text encoder is not the published file`, {
      place: { file },
    })
  }
  return bytes
}

/** Word pieces of a text, [CLS] first and [SEP] last, at most 256. */
function tokenizer (json: Record<string, unknown>): (text: string) => number[] {
  // Without added tokens a title that says "[SEP]" is five letters and two brackets: item text is data.
  const tokenizer = new Tokenizer({ ...json, added_tokens: [], truncation: null, padding: null }, {})
  return (text) => {
    const { ids } = tokenizer.encode(text)
    return ids.length <= MAX_PIECES ? ids : [...ids.slice(0, MAX_PIECES - 1), ids.at(-1)!]
  }
}

/** Mean over the rows of `hidden` [count, width], scaled to length 1. */
function normalizedMean (hidden: Float32Array, count: number): Float32Array {
  const mean = new Float64Array(LOCAL_EMBEDDER_WIDTH)
  for (let i = 0; i < count; i++) {
    const at = i * LOCAL_EMBEDDER_WIDTH
    for (let j = 0; j < LOCAL_EMBEDDER_WIDTH; j++) mean[j]! += hidden[at + j]!
  }
  const norm = Math.hypot(...mean)
  if (!(norm > 0 && norm < Infinity)) throw new IsthmusError('embedder_failed', 'the text encoder gave no direction')
  return Float32Array.from(mean, (value) => value / norm)
}
