import { trainInput, syntheticFlags } from '../../../data/augmentation.ts'
import { domainOf, target } from '../../../data/dataset.ts'
import type { Dataset } from '../../../data/dataset.ts'
import { MISS } from '../../../evaluate/evaluate.ts'
import type { CellFolders } from '../../cells/cell.ts'
import { openRanks } from '../../evaluate.ts'
import { openItemTexts } from '../../item-texts.ts'
import { textsOf } from '../inputs.ts'
import { EDT, EDT_INPUT, WITHOUT_AUGMENTATION } from '../llm-edt.ts'
import type { StudyCame, ToldSection } from '../study.ts'
import { rowNamed } from './rows.ts'

/** Training events shown, the latest. */
const SHOWN = 20

/** One user with synthetic events: what was put in where, and what became of the test target. */
export async function oneCase (came: StudyCame): Promise<ToldSection | undefined> {
  const [after, before] = [rowNamed(came, 'ablations', EDT), rowNamed(came, 'ablations', WITHOUT_AUGMENTATION)]
  if (after === undefined || before === undefined) return undefined
  const { dataset } = await openItemTexts(textsOf(came.context.work, EDT_INPUT))
  const user = mostAugmented(dataset)
  if (user === undefined) return { parts: ['No user has a synthetic event.'] }

  const events = trainInput(dataset, user)
  const flags = syntheticFlags(dataset, user)!
  const lines = Array.from(events, (id, i) => `- ${flags[i] === 1 ? '**put in** ' : ''}${describe(dataset, id)}`)
  const wanted = target(dataset, user, 'test')
  const place = async ({ cells }: { cells: readonly CellFolders[] }): Promise<string> => {
    const { ranks } = await openRanks(cells[0]!.evaluation, dataset)
    return ranks[user] === MISS ? 'unranked' : `place ${ranks[user]! + 1}`
  }
  return {
    parts: [
      `User \`${dataset.users[user]!}\`, ${events.length} training events` +
      `${events.length > SHOWN ? `, the latest ${SHOWN}` : ''}:`,
      lines.slice(-SHOWN).join('\n'),
      `The test target is ${describe(dataset, wanted)}: ${await place(before)} without augmentation, ` +
      `${await place(after)} with it.`,
    ],
  }
}

function mostAugmented (dataset: Dataset): number | undefined {
  const counts = dataset.users.map((_, user) =>
    syntheticFlags(dataset, user)?.reduce((sum, flag) => sum + flag, 0) ?? 0)
  const most = Math.max(0, ...counts)
  return most === 0 ? undefined : counts.indexOf(most)
}

function describe ({ domains, items, augmentation }: Dataset, id: number): string {
  const { itemId, title = itemId } = items[id - 1] ?? augmentation!.items[id - items.length - 1]!
  // A title is data: nothing in it is to be read as markup.
  return `${domains[domainOf(domains, id)]!.name}: \`${title.replaceAll('`', '\'').replace(/\s+/g, ' ')}\``
}
