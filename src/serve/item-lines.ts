import type { Readable } from 'node:stream'
import type { PutResult } from './catalogue.ts'
import { type CheckedItem, checkItem, type ItemRules } from './check-item.ts'
import { type ParseText, parseJson } from './json-body.ts'
import { clientCode, type RejectedLine, takeLines } from './lines.ts'
import { Refusal } from './problems.ts'
import type { Checker } from './schema-check.ts'
import type { ItemBody } from './schemas.ts'

/** Lines taken together: their vectors are computed in one go, and their commit is one. */
const GROUP = 256
/** A line whose text is yet to be embedded counts for so many: embedding them has a time limit. */
const TEXT_WEIGHT = 8

export interface ItemLinesOptions {
  readonly parse: ParseText
  readonly isItem: Checker<ItemBody>
  readonly rules: ItemRules
  readonly put: (items: readonly CheckedItem[]) => Promise<PutResult[]>
}

export interface ItemLinesResult { readonly accepted: number, readonly rejected: RejectedLine[] }

/** Items, one a line; see `takeLines`. Sending all of them again is safe. */
export async function takeItemLines (
  body: Readable, { parse, isItem, rules, put }: ItemLinesOptions
): Promise<ItemLinesResult> {
  let accepted = 0
  const rejected = await takeLines<CheckedItem>(body, {
    groupSize: GROUP,
    weigh: ({ embedding }) => embedding === undefined ? TEXT_WEIGHT : 1,
    read (bytes) {
      const value = parseJson(bytes, parse)
      if (!isItem.passes(value)) throw new Refusal('validation_failed', isItem.fault(value))
      return checkItem(value, rules)
    },
    async put (lines, reject) {
      try {
        await put(lines.map(({ value }) => value))
        accepted += lines.length
      } catch (error) {
        if (lines.length === 1 || clientCode(error) === undefined) return reject(lines[0]!.number, error)
        // One line spoils a group, or two are of one item: each for itself, then, and the later one wins.
        for (const { number, value } of lines) {
          await put([value]).then(() => { accepted++ }, (cause: unknown) => reject(number, cause))
        }
      }
    },
  })
  return { accepted, rejected }
}
