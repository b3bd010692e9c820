import type { Readable } from 'node:stream'
import type { EventsResult, TakeEvents } from './event-journal.ts'
import { type ParseText, parseJson } from './json-body.ts'
import { type RejectedLine, takeLines } from './lines.ts'
import { Refusal } from './problems.ts'
import type { Checker } from './schema-check.ts'
import type { EventBody } from './schemas.ts'

/** Lines written by one commit. */
const GROUP = 256

export interface EventLinesOptions {
  readonly parse: ParseText
  readonly isEvent: Checker<EventBody>
  readonly take: TakeEvents
}

export interface EventLinesResult extends Omit<EventsResult, 'rejected'> { readonly rejected: RejectedLine[] }

/** Events, one a line; see `takeLines`. Sending all of them again is safe where they have ids. */
export async function takeEventLines (
  body: Readable, { parse, isEvent, take }: EventLinesOptions
): Promise<EventLinesResult> {
  const counts = { accepted: 0, duplicates: 0, unknownItems: 0 }
  const rejected = await takeLines<EventBody>(body, {
    groupSize: GROUP,
    read (bytes) {
      const value = parseJson(bytes, parse)
      if (!isEvent.passes(value)) throw new Refusal('validation_failed')
      return value
    },
    async put (lines, reject) {
      const result = await take(lines.map(({ value }) => value))
      counts.accepted += result.accepted
      counts.duplicates += result.duplicates
      counts.unknownItems += result.unknownItems
      for (const { index, code } of result.rejected) reject(lines[index]!.number, code)
    },
  })
  return { ...counts, rejected }
}
