import { rowDot, unitRows } from '../../../numeric/cosine.ts'
import { openProfiles } from '../../../profile/profiles.ts'
import type { Profiles } from '../../../profile/profiles.ts'
import { markdownTable } from '../../markdown.ts'
import { inputDir } from '../inputs.ts'
import { RAW_INPUT, SHARES } from '../llm-edt.ts'
import type { StudyCame, ToldSection } from '../study.ts'

/** How like users' profiles with synthetic events are to those without, for each share that was inserted. */
export async function similarity ({ study, context: { work } }: StudyCame): Promise<ToldSection> {
  const shares = study.rows.filter(({ section, line }) => section === 'injection' && line === SHARES)
  const before = await openProfiles(inputDir(work, RAW_INPUT))
  const rows = []
  for (const { x, input } of shares) {
    const { mean, users } = compare(before, await openProfiles(inputDir(work, input)))
    rows.push([`${100 * x!} %`, `${(100 * mean).toFixed(2)} %`, String(users)])
  }
  return { parts: [markdownTable([['inserted', 'mean cosine', 'users'], ...rows])] }
}

/** Over users who have a profile in both. */
function compare (before: Profiles, after: Profiles): { mean: number, users: number } {
  const { width } = before
  const users = [...before.known.keys()].filter((user) => before.known[user] === 1 && after.known[user] === 1)
  const [left, right] = [unitRows(before.rows, width), unitRows(after.rows, width)]
  const sum = users.reduce((all, user) => all + rowDot(left, user, right, user, width), 0)
  return { mean: users.length === 0 ? 0 : sum / users.length, users: users.length }
}
