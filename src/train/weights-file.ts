import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { readFloat32, readJson } from '../files/read.ts'
import { writeFileAtomic, writeNumbers } from '../files/write.ts'
import type { Weight, Weights } from '../nn/ops.ts'

/** One line of the index: where a weight stands in the file, counted in numbers. */
interface Entry {
  readonly name: string
  readonly shape: readonly number[]
  readonly offset: number
}

/** Writes `name`.bin (all weights one after the other, little-endian float32) and `name`.json (which is where). */
export async function writeWeights (dir: string, name: string, weights: Weights): Promise<void> {
  const entries: Entry[] = []
  const all = new Float32Array([...weights.values()].reduce((sum, { data }) => sum + data.length, 0))
  let offset = 0
  for (const [weight, { shape, data }] of weights) {
    entries.push({ name: weight, shape, offset })
    all.set(data, offset)
    offset += data.length
  }
  await writeNumbers(join(dir, `${name}.bin`), all)
  await writeFileAtomic(join(dir, `${name}.json`), `${JSON.stringify({ format: 1, weights: entries }, undefined, 1)}\n`)
}

/** Reads what `writeWeights` wrote, each weight in its own array. Throws `artefact_missing`, `artefact_invalid`. */
export async function readWeights (dir: string, name: string): Promise<Map<string, Weight>> {
  const file = join(dir, `${name}.json`)
  const { format, weights } = await readJson(file) as { format?: unknown, weights: readonly Entry[] }
  if (format !== 1) {
    throw new IsthmusError('format_unsupported', `${file}: this version reads format 1`, { place: { file } })
  }
  const sizes = weights.map(({ shape }) => shape.reduce((product, length) => product * length, 1))
  const all = await readFloat32(join(dir, `${name}.bin`), sizes.reduce((sum, size) => sum + size, 0))
  return new Map(weights.map(({ name, shape, offset }, i) =>
    [name, { shape, data: all.slice(offset, offset + sizes[i]!) }]))
}
