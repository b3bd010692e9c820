import type { Readable } from 'node:stream'
import { IsthmusError } from '../errors.ts'
import { isProblemCode, PROBLEMS, type ProblemCode, Refusal } from './problems.ts'

const LINE_BYTES = 64 * 1024
/** What an answer lists; a client whose every line is wrong learns enough from these. */
const MOST_REJECTED = 1000
const NEWLINE = 0x0a

export interface Line<T> { readonly number: number, readonly value: T }

export interface RejectedLine { readonly line: number, readonly code: string }

export interface LinesOptions<T> {
  /** What a line holds, checked as far as one line can be. Fails where it is wrong. */
  readonly read: (bytes: Buffer) => T
  /** Lines that are given to `put` together, by their weight: 1 unless `weigh` says otherwise. */
  readonly groupSize: number
  readonly weigh?: (value: T) => number
  /** Stores lines; tells `reject` of those that cannot be, and fails where none can be for a reason of ours. */
  readonly put: (lines: ReadonlyArray<Line<T>>, reject: RejectLine) => Promise<void>
}

/** Names a line in the answer by its code, or by an error of the client's; any other error is thrown on. */
export type RejectLine = (line: number, error: unknown) => void

/**
 * Takes a stream line by line while it arrives, in order. A bad line is named in the answer (the first thousand) and
 * stops nothing; a service that cannot store (its code has a 5xx status) stops the stream with that error.
 */
export async function takeLines<T> (
  body: Readable, { read, groupSize, weigh = () => 1, put }: LinesOptions<T>
): Promise<RejectedLine[]> {
  const rejected: RejectedLine[] = []
  const reject: RejectLine = (line, error) => {
    const code = typeof error === 'string' ? error : clientCode(error)
    if (code === undefined) throw error
    if (rejected.length < MOST_REJECTED) rejected.push({ line, code })
  }
  let group: Array<Line<T>> = []
  let weight = 0
  let number = 0
  for await (const bytes of linesOf(body)) {
    number++
    if (bytes?.length === 0) continue
    try {
      if (bytes === undefined) throw new Refusal('body_too_large')
      const value = read(bytes)
      group.push({ number, value })
      weight += weigh(value)
    } catch (error) {
      reject(number, error)
    }
    if (weight < groupSize) continue
    await put(group, reject)
    group = []
    weight = 0
  }
  if (group.length > 0) await put(group, reject)
  return rejected.sort((a, b) => a.line - b.line)
}

/** The code of what a client did wrong; undefined for everything else. */
export function clientCode (error: unknown): ProblemCode | undefined {
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
