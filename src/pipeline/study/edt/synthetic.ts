import { AUGMENT } from '../../../augment/augmentation-files.ts'
import { readStep } from '../../../files/step.ts'
import { markdownTable } from '../../markdown.ts'
import { textsOf } from '../inputs.ts'
import type { StudyCame, ToldSection } from '../study.ts'

/** Of a manifest of `augment`. */
interface AugmentFacts {
  readonly chat: string
  readonly outcomes: Readonly<Record<string, number>>
  readonly syntheticEvents: number
  readonly freshItems: number
  readonly augmentedUsers: number
  readonly perUser: number
  readonly tau?: number
  readonly inPaperRange: boolean
}

/** What was made up for each input of the study, by whom, and how much of it was used. */
export async function synthetic ({ study, context: { work } }: StudyCame): Promise<ToldSection> {
  const inputs = new Map(study.rows.flatMap(({ input }) =>
    input.augment === undefined ? [] : [[input.augment.name, textsOf(work, input)] as const]))
  const rows = await Promise.all([...inputs].map(async ([name, dir]) => {
    // Written by `augment`.
    const facts = await readStep(dir, AUGMENT) as unknown as AugmentFacts
    return [
      name, facts.chat, String(facts.outcomes.generated), String(facts.syntheticEvents), facts.perUser.toFixed(3),
      String(facts.augmentedUsers), String(facts.freshItems), facts.tau?.toFixed(3) ?? '', facts.inPaperRange ? 'yes' : 'no',
    ]
  }))
  return {
    parts: [markdownTable([
      ['input', 'language model', 'generated', 'inserted', 'a user', 'users with any', 'fresh items', 'threshold',
        'as many as the paper'],
      ...rows,
    ])],
  }
}
