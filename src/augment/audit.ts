import type { Direction } from './directions.ts'
import type { AugmentWork, MadeAugmentation } from './make-augmentation.ts'
import { OUTCOMES } from './read-answers.ts'
import type { Candidate, Outcome } from './read-answers.ts'
import type { Representative } from './representatives.ts'

/** What is told of one user: every question, what was generated, what was kept and why not, anchor and scores. */
export interface AuditLine {
  readonly userId: string
  /** Who generated: `extractive`, or `openai/<model>`. */
  readonly chat: string
  readonly directions: ReadonlyArray<{
    readonly from: string
    readonly to: string
    readonly representatives: readonly string[]
    readonly targets: readonly string[]
    /** Why there is no answer. */
    readonly problem?: string
    readonly generated: readonly AuditedItem[]
  }>
}

interface AuditedItem {
  readonly title?: string
  readonly outcome: Outcome
  readonly sourceScore?: number
  readonly rank?: number
  readonly targetScore?: number
  readonly anchor?: { readonly itemId: string, readonly position: number }
  readonly grounded?: { readonly itemId: string, readonly cosine: number }
  /** What was inserted. */
  readonly itemId?: string
}

/** One line for each user, in their order. */
export function auditLines (
  { dataset, directions, chat }: Pick<AugmentWork, 'dataset' | 'directions' | 'chat'>,
  { candidates, answers, augmentation }: MadeAugmentation
): AuditLine[] {
  const { users, domains } = dataset
  const items = [...dataset.items, ...augmentation.items]
  const nameOf = (id: number): string => items[id - 1]!.itemId
  const generated = new Map<Direction, Candidate[]>()
  for (const one of candidates) generated.set(one.direction, [...generated.get(one.direction) ?? [], one])
  const told = users.map((): Array<AuditLine['directions'][number]> => [])
  for (const [i, direction] of directions.entries()) {
    const { user, from, to, source, target } = direction
    const ids = (side: readonly Representative[]): string[] => side.map(({ id }) => nameOf(id))
    const problem = answers[i] === undefined ? 'nothingToShow' : answers[i].problem
    told[user]!.push({
      from: domains[from]!.name,
      to: domains[to]!.name,
      representatives: ids(source),
      targets: ids(target),
      ...(problem !== undefined && { problem }),
      generated: (generated.get(direction) ?? []).map((one) => audited(one, nameOf)),
    })
  }
  return users.map((userId, user) => ({ userId, chat: chat.id, directions: told[user]! }))
}

function audited (
  { item, outcome, score, direction, grounded, id }: Candidate, nameOf: (id: number) => string
): AuditedItem {
  const anchor = score && direction.source[score.anchor]!
  return {
    ...(item.title !== undefined && { title: item.title }),
    outcome,
    ...(score && { sourceScore: score.source, rank: score.rank, targetScore: score.target }),
    ...(anchor && { anchor: { itemId: nameOf(anchor.id), position: anchor.position } }),
    ...(grounded && { grounded: { itemId: nameOf(grounded.id), cosine: grounded.cosine } }),
    ...(outcome === 'kept' && id !== undefined && { itemId: nameOf(id) }),
  }
}

/** How many generated items came to what, by outcome, and questions without an answer. */
export function outcomes (
  { candidates, answers }: Pick<MadeAugmentation, 'candidates' | 'answers'>
): Record<Outcome | 'generated' | 'unanswered', number> {
  const count = (outcome: Outcome): number => candidates.filter((one) => one.outcome === outcome).length
  return {
    generated: candidates.length,
    // Built from the list of all outcomes.
    ...Object.fromEntries(OUTCOMES.map((name) => [name, count(name)])) as Record<Outcome, number>,
    unanswered: answers.filter((answer) => answer?.value === undefined).length,
  }
}
