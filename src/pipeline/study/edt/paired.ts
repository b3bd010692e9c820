import { openDataset } from '../../../data/dataset-files.ts'
import type { Dataset } from '../../../data/dataset.ts'
import { comparePaired } from '../../../evaluate/significance.ts'
import { ndcgGain } from '../../../evaluate/metrics.ts'
import type { Evaluation } from '../../../evaluate/evaluate.ts'
import { pValue, signed } from '../../../evaluate/table.ts'
import { OURS } from '../../cells/contestants.ts'
import { chainFolders } from '../../chain.ts'
import { openRanks } from '../../evaluate.ts'
import { markdownTable } from '../../markdown.ts'
import { EDT } from '../llm-edt.ts'
import { rowLabel } from '../study-rows.ts'
import type { StudyCame, ToldSection } from '../study.ts'
import { rowNamed } from './rows.ts'

interface Other {
  readonly name: string
  readonly evaluations: readonly Evaluation[]
  /** Neither of the two systems with language models, whatever its preset. */
  readonly baseline: boolean
}

/** LLM-EDT against every other system of the main table that is finished, user by user. */
export async function paired (came: StudyCame): Promise<ToldSection | undefined> {
  const ours = rowNamed(came, 'main', EDT)
  if (ours === undefined) return undefined
  const dataset = await openDataset(chainFolders(came.context.work).dataset)
  const mine = await ranksOf(ours.cells.map(({ evaluation }) => evaluation), dataset)
  const others: Other[] = []
  for (const [name, dir] of came.counted) {
    others.push({ name, evaluations: await ranksOf([dir], dataset), baseline: true })
  }
  for (const [row, cells] of came.done) {
    if (row.section !== 'main' || row.name === EDT) continue
    const evaluations = await ranksOf(cells.map(({ evaluation }) => evaluation), dataset)
    others.push({ name: rowLabel(row, cells), evaluations, baseline: ![OURS, EDT].includes(row.train.system) })
  }
  const best = others.filter(({ baseline }) => baseline)
    .reduce<Other | undefined>((top, one) => top !== undefined && worth(top) >= worth(one) ? top : one, undefined)
  return {
    parts: [
      markdownTable([
        ['', 'difference', '95 %', 'p'],
        ...others.map(({ name, evaluations }) => {
          const { difference, interval: [low, high], p } = comparePaired(mine, evaluations)
          return [name, signed(difference), `${signed(low)} to ${signed(high)}`, pValue(p)]
        }),
      ]),
      ...(best === undefined ? [] : [`The best of the baselines is \`${best.name}\`.`]),
    ],
  }
}

function ranksOf (dirs: readonly string[], dataset: Dataset): Promise<Evaluation[]> {
  return Promise.all(dirs.map((dir) => openRanks(dir, dataset)))
}

/** Mean NDCG@10 over users and seeds. */
function worth ({ evaluations }: Other): number {
  const gains = evaluations.map(({ ranks }) => ranks.reduce((sum, rank) => sum + ndcgGain(rank, 10), 0) / ranks.length)
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length
}
