import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Weights } from '../../src/nn/ops.ts'
import type { ItemTexts } from '../../src/systems/initial-weights.ts'
import type { Settings } from '../../src/systems/settings.ts'
import type { TrainingBatch } from '../../src/train/batch.ts'

/** Writes what llm4cdsr_torch.py reads: the same weights, texts and batches, so that both train the same thing. */
export async function writeProblem (
  folder: string, settings: Settings, domains: readonly string[], weights: Weights, texts: ItemTexts,
  batches: readonly TrainingBatch[]
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
  const plain = batches.map((batch) => ({ ...batch, pairs: [...batch.pairs.values()] }))
  await writeFile(join(folder, 'problem.json'), JSON.stringify(
    { settings, domains, textWidth: texts.width, weights: index, batches: plain },
    (_key, value: unknown) => ArrayBuffer.isView(value) ? [...value as Int32Array] : value
  ))
}
