import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readNames } from '../files/read.ts'

/** One call that was paid for. */
export interface Payment {
  /** ISO time. */
  readonly at: string
  readonly step: string
  readonly model: string
  /** Absent where a call served several. */
  readonly user?: string
  readonly batch: boolean
  /** Tokens. */
  readonly input: number
  readonly output: number
  /** By the prices at that time; absent for a model without a price. */
  readonly usd?: number
}

/** What several payments come to. */
export interface Total {
  readonly calls: number
  readonly input: number
  readonly output: number
  readonly usd: number
  /** Calls whose model had no price, and which `usd` leaves out. */
  readonly unpriced: number
}

export interface Ledger {
  /** When it resolves the line is the file system's, and a killed process does not lose it. */
  book: (payment: Payment) => Promise<void>
  close: () => Promise<void>
}

const SUFFIX = '.jsonl'

/** A ledger that appends to a file of its own in `dir`, so that any number of processes may book at once. */
export function openLedger (dir: string): Ledger {
  let file: Promise<FileHandle> | undefined
  let last: Promise<void> = Promise.resolve()
  const begin = async (): Promise<FileHandle> => {
    await mkdir(dir, { recursive: true })
    return await open(join(dir, `${randomUUID()}${SUFFIX}`), 'ax')
  }
  return {
    book (payment) {
      const written = last.then(async () => {
        file ??= begin()
        await (await file).appendFile(`${JSON.stringify(payment)}\n`)
      })
      last = written.catch(() => {})
      return written
    },
    async close () {
      await last
      await (await file)?.close()
    },
  }
}

/** All payments in `dir`; a line that a crash cut short is left out. */
export async function readLedger (dir: string): Promise<Payment[]> {
  const names = await readNames(dir)
  const texts = await Promise.all(names.filter((name) => name.endsWith(SUFFIX)).sort()
    .map((name) => readFile(join(dir, name), 'utf8')))
  // What follows the last line break is a line cut short, or nothing. The lines are ours.
  return texts.flatMap((text) => text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Payment))
}

/** Totals by one of a payment's fields, the dearest first. */
export function totalsBy (payments: readonly Payment[], field: 'step' | 'model' | 'user'): Map<string, Total> {
  const totals = new Map<string, Total>()
  for (const payment of payments) {
    const name = payment[field] ?? '(shared)'
    totals.set(name, add(totals.get(name) ?? NOTHING, payment))
  }
  return new Map([...totals].sort(([, a], [, b]) => b.usd - a.usd))
}

/** What all these payments come to. */
export function totalOf (payments: readonly Payment[]): Total {
  return payments.reduce(add, NOTHING)
}

const NOTHING: Total = { calls: 0, input: 0, output: 0, usd: 0, unpriced: 0 }

function add (total: Total, { input, output, usd }: Payment): Total {
  return {
    calls: total.calls + 1,
    input: total.input + input,
    output: total.output + output,
    usd: total.usd + (usd ?? 0),
    unpriced: total.unpriced + (usd === undefined ? 1 : 0),
  }
}
