import { figure, signed } from '../../../evaluate/table.ts'
import { markdownTable } from '../../markdown.ts'
import { openRunManifest } from '../../train.ts'
import type { FinetuneFacts } from '../../train.ts'
import { EDT } from '../llm-edt.ts'
import type { StudyCame, ToldSection } from '../study.ts'
import { rowNamed } from './rows.ts'

interface Finetuned extends FinetuneFacts {
  readonly row: string
  readonly seed: number
  /** Form and start of the adapters. */
  readonly form: unknown
  readonly from: unknown
}

/** Where the second phase of each run with one began, and whether it came to anything. */
export async function finetuned (came: StudyCame): Promise<ToldSection | undefined> {
  const ours = rowNamed(came, 'main', EDT)
  if (ours === undefined) return undefined
  const runs = new Map<string, Finetuned>()
  for (const [{ section, name }, cells] of came.done) {
    if (section !== 'main' && section !== 'adapters') continue
    for (const { name: cell, run } of cells) {
      const { finetune, settings: { seed, adapterForm: form, adapterStart: from } } = await openRunManifest(run)
      if (finetune === undefined || runs.has(cell)) continue
      runs.set(cell, { row: name, seed: Number(seed), form, from, ...finetune as FinetuneFacts }) // Written by `train`.
    }
  }
  const mine = ours.cells.map(({ name }) => runs.get(name)!)
  const still = mine.every(({ bestEpoch }) => bestEpoch === 0)
  const gained = mine.filter(({ best, before }) => best > before).length
  const plain = [...runs.values()].filter(({ form, from }) => form === 'linear' && from === 'zero')
  const exact = plain.filter(({ start, before }) => start === before).length
  return {
    parts: [
      markdownTable([
        ['', 'seed', 'adapters', 'first phase', 'second, at its start', 'second, at its best', 'best epoch', 'gain'],
        ...[...runs.values()].map(({ row, seed, form, from, before, start, best, bestEpoch }) => [
          row, String(seed), `${String(form)}, ${String(from)}`, figure(before), figure(start), figure(best),
          String(bestEpoch), signed(best - before),
        ]),
      ]),
      ...(plain.length === 0
        ? []
        : [`Of the runs with linear adapters from zero, ${exact} of ${plain.length} start at the first phase's figure to ` +
          'the last digit.']),
      still
        ? '**No seed gains anything: the second phase fails on this data.** The weights are those of its start.'
        : `The second phase of \`${EDT}\` gains over its first in ${gained} of ${mine.length} seeds.`,
    ],
  }
}
