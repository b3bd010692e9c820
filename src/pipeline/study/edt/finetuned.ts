import { figure } from '../../../evaluate/table.ts'
import { markdownTable } from '../../markdown.ts'
import { openRunManifest } from '../../train.ts'
import type { FinetuneFacts } from '../../train.ts'
import { EDT } from '../llm-edt.ts'
import type { StudyCame, ToldSection } from '../study.ts'
import { rowNamed } from './rows.ts'

/** Where the second phase of each seed began, and whether it came to anything. */
export async function finetuned (came: StudyCame): Promise<ToldSection | undefined> {
  const ours = rowNamed(came, 'main', EDT)
  if (ours === undefined) return undefined
  const facts = await Promise.all(ours.cells.map(async ({ run }) => {
    const { finetune, settings } = await openRunManifest(run)
    return { seed: Number(settings.seed), ...finetune as FinetuneFacts } // Written by `train`.
  }))
  const still = facts.every(({ bestEpoch }) => bestEpoch === 0)
  return {
    parts: [
      markdownTable([
        ['seed', 'first phase', 'second, at its start', 'second, at its best', 'best epoch', 'gain'],
        ...facts.map(({ seed, before, start, best, bestEpoch }) =>
          [String(seed), figure(before), figure(start), figure(best), String(bestEpoch), figure(best - start)]),
      ]),
      still
        ? '**No seed gains anything: the second phase fails on this data.** The weights are those of the first.'
        : `The second phase gains in ${facts.filter(({ bestEpoch }) => bestEpoch > 0).length} of ${facts.length} seeds.`,
    ],
  }
}
