import type { Clock } from '../clock.ts'
import { type Mark, type Outbox, userMark } from '../journal.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { registerKey } from '../register.ts'
import { isShared } from '../user-state.ts'
import type { Tables } from './environment.ts'
import { readEvents } from './users.ts'
import type { Writer } from './writer.ts'

/** Looked at and marked in one transaction. */
const GROUP = 512

/** @param kept false where there is no shared store: nothing is marked then */
export function createOutbox (tables: Tables, writer: Writer, clock: Clock, kept: boolean): Outbox {
  let last = ''
  let listener = (): void => {}

  const mark = (key: string): void => {
    if (!kept) return
    tables.outbox.putSync(key, encodeRecord(clock.next()))
    listener()
  }
  const read = (start: string, limit: number): Mark[] =>
    [...tables.outbox.getRange({ start, limit })].map(({ key, value }) =>
      ({ key, number: decodeRecord(value).value as number }))

  async function markEach (keys: Iterable<string>, toMark: (key: string) => string | undefined): Promise<void> {
    let group: string[] = []
    const flush = async (): Promise<void> => {
      const marks = group.flatMap((key) => toMark(key) ?? [])
      group = []
      if (marks.length > 0) await writer.write(() => { for (const key of marks) mark(key) }, 64 * marks.length)
    }
    for (const key of keys) if (group.push(key) === GROUP) await flush()
    await flush()
  }

  return {
    mark,
    has: (key) => kept && tables.outbox.get(key) !== undefined,

    take (limit) {
      // From where the last ended: what cannot be sent must not keep the others from it.
      let marks = read(`${last}\0`, limit)
      if (marks.length === 0 && last !== '') marks = read('', limit)
      last = marks.at(-1)?.key ?? ''
      return marks
    },

    async confirm (marks) {
      await writer.write(() => {
        for (const { key, number } of marks) {
          const record = tables.outbox.get(key)
          if (record !== undefined && decodeRecord(record).value === number) tables.outbox.removeSync(key)
        }
      }, 64 * marks.length)
    },

    async markAll (since) {
      const range = { snapshot: false } as const
      const arrived = (key: string): boolean =>
        (readEvents(tables, key) ?? []).some((event) => isShared(event) && event[2] >= since)
      await markEach(tables.histories.getKeys(range), (key) => arrived(key) ? userMark(key) : undefined)
      await markEach(tables.erased.getKeys(range), (key) => userMark(key))
      await markEach(tables.erased.getKeys(range), (key) => registerKey('user', key))
      await markEach(tables.items.getKeys(range), (key) => registerKey('item', key))
      await markEach(tables.models.getKeys(range), (key) => registerKey('model', key))
    },

    get depth () { return (tables.outbox.getStats() as { entryCount: number }).entryCount },
    onMark (given) { listener = given },
  }
}
