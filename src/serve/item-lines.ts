import type { Readable } from 'node:stream'
import type { PutResult } from './catalogue.ts'
import { checkItem, type ItemRules } from './check-item.ts'
import { type ParseText, parseJson } from './json-body.ts'
import { clientCode, type RejectedLine, takeLines } from './lines.ts'
import { Refusal } from './problems.ts'
import type { Checker } from './schema-check.ts'
import type { ItemBody } from './schemas.ts'

/** Lines taken together: their texts are embedded in one go and their commit is one. */
const GROUP = 32

export interface ItemLinesOptions {
  readonly parse: ParseText
  readonly isItem: Checker<ItemBody>
  readonly rules: ItemRules
  readonly put: (items: readonly ItemBody[]) => Promise<PutResult[]>
}

export interface ItemLinesResult { readonly accepted: number, readonly rejected: RejectedLine[] }

/** Items, one a line; see `takeLines`. Sending all of them again is safe. */
export async function takeItemLines (
  body: Readable, { parse, isItem, rules, put }: ItemLinesOptions
): Promise<ItemLinesResult> {
  let accepted = 0
  const rejected = await takeLines<ItemBody>(body, {
    groupSize: GROUP,
    read (bytes) {
      const value = parseJson(bytes, parse)
      const faults = isItem.fault(value)
      if (faults !== undefined || !isItem.passes(value)) throw new Refusal('validation_failed', faults)
      checkItem(value, rules)
      return value
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
