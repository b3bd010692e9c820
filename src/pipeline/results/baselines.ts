import { join } from 'node:path'
import { figure } from '../../evaluate/table.ts'
import { COUNTING_BASELINES, countingBaseline } from '../../systems/baselines/counting.ts'
import type { CountingBaseline } from '../../systems/baselines/counting.ts'
import { chainFolders, outcome, shown } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { evaluateBaseline, openEvaluation } from '../evaluate.ts'
import type { Step } from '../steps.ts'

/** Every counting baseline, in the order of the tables. */
export function baselines (): CountingBaseline[] {
  return Object.keys(COUNTING_BASELINES).map(countingBaseline)
}

/** Where a baseline's evaluation lies below the folder of all work. */
export function baselineFolder (work: string, name: CountingBaseline): string {
  return join(work, 'baselines', name)
}

/** A step for each: counts on the dataset, and opens the test split. */
export function baselineSteps ({ work, settings, signal, progress }: ChainContext): readonly Step[] {
  return baselines().map((name) => ({
    name,
    async run () {
      const out = baselineFolder(work, name)
      const done = await evaluateBaseline(name, {
        dataset: chainFolders(work).dataset, out, settings: settings.evaluate, signal, ...shown(progress, name, 'users'),
      })
      const { report: { full: { all } } } = await openEvaluation(out)
      return outcome(done, () => `full ranking HR@10 ${figure(all.hr10)}, NDCG@10 ${figure(all.ndcg10)}`)
    },
  }))
}
