import type { Readable } from 'node:stream'
import { IsthmusError } from '../errors.ts'
import type { PutResult } from './catalogue.ts'
import { checkItem, type ItemRules } from './check-item.ts'
import { type ParseText, parseJson } from './json-body.ts'
import { isProblemCode, PROBLEMS, type ProblemCode, Refusal } from './problems.ts'
import type { Checker } from './schema-check.ts'
import type { ItemBody } from './schemas.ts'

const LINE_BYTES = 64 * 1024
/** Lines taken together: their texts are embedded in one go and their commit is one. */
const GROUP = 32
/** What an answer lists; a client whose every line is wrong learns enough from these. */
const MOST_REJECTED = 1000
const NEWLINE = 0x0a

export interface ItemLinesOptions {
  readonly parse: ParseText
  readonly isItem: Checker<ItemBody>
  readonly rules: ItemRules
  readonly put: (items: readonly ItemBody[]) => Promise<PutResult[]>
}

export interface ItemLinesResult {
  readonly accepted: number
  readonly rejected: Array<{ line: number, code: ProblemCode }>
}

interface Line { readonly number: number, readonly item: ItemBody }

/**
 * Takes items line by line while they arrive, in order. A bad line is named in the answer and stops nothing; a service
 * that cannot store (its code has a 5xx status) stops the stream with that error, and sending all again is safe.
 */
export async function takeItemLines (body: Readable, options: ItemLinesOptions): Promise<ItemLinesResult> {
  const { parse, isItem, rules, put } = options
  const rejected: ItemLinesResult['rejected'] = []
  let accepted = 0
  let group: Line[] = []

  const reject = (line: number, error: unknown): void => {
    const code = codeOf(error)
    if (code === undefined) throw error
    if (rejected.length < MOST_REJECTED) rejected.push({ line, code })
  }
  const flush = async (): Promise<void> => {
    const lines = group
    group = []
    if (lines.length === 0) return
    try {
      await put(lines.map(({ item }) => item))
      accepted += lines.length
    } catch (error) {
      if (lines.length === 1 || codeOf(error) === undefined) return reject(lines[0]!.number, error)
      // One line spoils a group, or two are of one item: each for itself, then, and the later one wins.
      for (const line of lines) {
        await put([line.item]).then(() => { accepted++ }, (cause: unknown) => reject(line.number, cause))
      }
    }
  }

  let number = 0
  for await (const bytes of linesOf(body)) {
    number++
    if (bytes?.length === 0) continue
    try {
      if (bytes === undefined) throw new Refusal('body_too_large')
      const value = parseJson(bytes, parse)
      const faults = isItem.fault(value)
      if (faults !== undefined || !isItem.passes(value)) throw new Refusal('validation_failed', faults)
      checkItem(value, rules)
      if (group.length === GROUP) await flush()
      group.push({ number, item: value })
    } catch (error) {
      reject(number, error)
    }
  }
  await flush()
  rejected.sort((a, b) => a.line - b.line)
  return { accepted, rejected }
}

/** The code of what a client did wrong; undefined for everything else. */
function codeOf (error: unknown): ProblemCode | undefined {
  const code = error instanceof Refusal || error instanceof IsthmusError ? error.code : undefined
  return code !== undefined && isProblemCode(code) && PROBLEMS[code][0] < 500 ? code : undefined
}

/** Lines without their end; `undefined` for one that is too long, which is not kept. A last one needs no newline. */
async function * linesOf (stream: Readable): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = []
  let length = 0
  const take = (): Buffer | undefined => {
    const line = length > LINE_BYTES ? undefined : Buffer.concat(parts)
    parts = []
    length = 0
    return line?.at(-1) === 0x0d ? line.subarray(0, -1) : line
  }
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end))
      yield take()
      from = end + 1
    }
    add(chunk.subarray(from))
  }
  if (length > 0) yield take()

  function add (part: Buffer): void {
    length += part.length
    if (length <= LINE_BYTES) parts.push(part)
    else parts = []
  }
}
