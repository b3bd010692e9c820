import { median } from '../statistics.ts'
import { type LeverRow, ratioOf } from './bench-engine.ts'

/** One line while it runs. */
export function leverLine (row: LeverRow): string {
  return `${row.name}: ${row.before} ${figure(row.micros.before)}, ${row.after} ${figure(row.micros.after)} µs ${row.clock}, ` +
    `${ratioOf(row).toFixed(2)}`
}

/** The section of docs/performance.md. */
export function leverTable (rows: readonly LeverRow[], { items, rounds }: { items: number, rounds: number }): string {
  return `Each lever off and on in turns in one process, ${rounds} slices of each; microseconds of one user, query or history
(medians), and what "after" takes of "before" (median of neighbouring slices). CPU time of all threads unless it says wall.
The encoder is LLM4CDSR's with two threads of width 128, two layers, histories of 5 to 50 items, weights untrained; the
catalogue is made up: ${items.toLocaleString('en')} unit vectors of width 256 in 300 clusters, 100 candidates.

| lever | before | µs | after | µs | after / before | the service does |
|---|---|---|---|---|---|---|
${rows.map(({ name, before, after, used, clock, micros, ...row }) =>
    `| ${name}${clock === 'wall' ? ' (wall)' : ''} | ${before} | ${figure(micros.before)} | ${after} | ${figure(micros.after)} | ` +
    `${ratioOf({ micros, ...row }).toFixed(2)} | ${used} |`).join('\n')}`
}

function figure (values: readonly number[]): string {
  const middle = median(values)
  return middle < 10 ? middle.toFixed(1) : middle.toFixed(0)
}
