import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from './problem.ts'

/** Writes what torch_parts.py reads: the same weights, texts and batches, so that both train the same thing. */
export async function writeProblem (
  folder: string, { dataset, texts, profiles, settings, weights, batches }: Problem
): Promise<void> {
  const index: Record<string, { shape: readonly number[], at: number }> = {}
  let at = 0
  for (const [name, { shape, data }] of weights) {
    index[name] = { shape, at }
    at += data.length
  }
  const all = new Float32Array(at)
  for (const [name, { data }] of weights) all.set(data, index[name]!.at)
  await writeFile(join(folder, 'weights.f32'), all)
  await writeFile(join(folder, 'texts.f32'), texts.rows)
  if (profiles !== undefined) await writeFile(join(folder, 'profiles.f32'), profiles.rows)
  const domains = dataset.domains.map(({ name }) => name)
  const plain = batches.map((batch) => ({ ...batch, pairs: [...batch.pairs.values()] }))
  await writeFile(join(folder, 'problem.json'), JSON.stringify(
    { settings, domains, textWidth: texts.width, weights: index, batches: plain },
    (_key, value: unknown) => ArrayBuffer.isView(value) ? [...value as Int32Array] : value
  ))
}
