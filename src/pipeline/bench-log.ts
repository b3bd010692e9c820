import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { OnProgress } from '../progress.ts'
import { createRandom } from '../random.ts'

export interface BenchLog {
  readonly events: number
  readonly users: number
  readonly items: number
  readonly seed: number
}

/** As many users and items as a shop has that this many events come from. */
export function benchLog (events: number, seed: number): BenchLog {
  return { events, users: Math.ceil(events / 12), items: Math.ceil(events / 100), seed }
}

const DOMAINS = ['sport', 'cloth'] as const
/** Lines handed to the file at once. */
const LINES = 4_096
/** Days over which the log goes, and when it begins (unix seconds). */
const SECONDS = 4 * 365 * 86_400
const START = 1_500_000_000

/** Events between two reports. */
const REPORTED = 100_000

/**
 * Writes `interactions.csv` and `items.jsonl` for a benchmark of `prepare`: users in no order (so that nothing is
 * sorted already), a few items bought by many and many by few. Streams, so that its own memory does not count.
 */
export async function writeBenchLog (
  dir: string, { events, users, items, seed }: BenchLog, onProgress?: OnProgress
): Promise<void> {
  const random = createRandom(seed, 'bench-log')
  const itemOf = (n: number): { id: string, domain: string } => ({
    id: `i${n.toString(36)}`, domain: DOMAINS[n % DOMAINS.length]!,
  })
  await pipeline(Readable.from(chunks(events, (n) => {
    if (n % REPORTED === 0) onProgress?.(n, events)
    const user = Math.floor(users * random.next())
    const { id, domain } = itemOf(Math.floor(items * random.next() ** 3))
    // Later by and by, with a day or so of disorder.
    const time = START + Math.floor(SECONDS * (n + random.next() * 0.001 * events) / events)
    return `u${user.toString(36)},${id},${domain},${time}\n`
  }, 'user_id,item_id,domain,timestamp\n')), createWriteStream(join(dir, 'interactions.csv')))
  await pipeline(Readable.from(chunks(items, (n) => {
    const { id, domain } = itemOf(n)
    return `${JSON.stringify({ item_id: id, domain, title: `Generated ${domain} item number ${n}`, price: n % 100 })}\n`
  })), createWriteStream(join(dir, 'items.jsonl')))
}

function * chunks (count: number, line: (n: number) => string, header = ''): Generator<string> {
  let text = header
  for (let n = 0; n < count; n++) {
    text += line(n)
    if (n % LINES === LINES - 1) {
      yield text
      text = ''
    }
  }
  yield text
}
