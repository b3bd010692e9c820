import { type Journal, markedUser } from '../journal.ts'
import type { Replica } from '../replica.ts'

/** Marks sent at once. */
const GROUP = 128

/** Sends the next of what is marked in the outbox and forgets the marks that the shared store confirmed; how many. */
export async function sendMarked (
  journal: Pick<Journal, 'outbox' | 'user' | 'register'>, to: Pick<Replica, 'mergeUsers' | 'mergeRegisters'>
): Promise<number> {
  const marks = journal.outbox.take(GROUP)
  if (marks.length === 0) return 0
  const users = marks.flatMap(({ key }) => markedUser(key) ?? [])
  const registers = marks.flatMap(({ key }) => journal.register(key) ?? [])
  await to.mergeUsers(new Map(users.map((key) => [key, journal.user(key)])))
  await to.mergeRegisters(registers)
  await journal.outbox.confirm(marks)
  return marks.length
}
