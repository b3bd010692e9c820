import { percentile } from '../statistics.ts'
import type { FloodAnswer } from './flood-process.ts'

/** One rate, as a multiple of the measured capacity. */
export interface ShedRow extends FloodAnswer { readonly times: number }

/** What goodput is to keep of its peak at the highest rate. */
export const LEAST_GOODPUT = 0.8

/** Answers in time and not degraded, a second. */
export function goodput ({ good, seconds }: Pick<FloodAnswer, 'good' | 'seconds'>): number {
  return good.length / seconds
}

/** Goodput at the highest rate as a share of the best of all rates. */
export function keptUnderOverload (rows: readonly ShedRow[]): number {
  const most = rows.reduce((a, b) => b.times > a.times ? b : a)
  return goodput(most) / Math.max(...rows.map(goodput))
}

export function shedReport (capacity: number, rows: readonly ShedRow[]): string {
  const lines = [
    `capacity ${capacity.toFixed(0)} req/s (closed loop, 32 connections)`,
    'load    offered/s   good/s  degraded/s  refused/s  late/s  failed/s  good p99 ms  refused p99 ms  probe max ms',
  ]
  for (const row of rows) {
    const { times, offered, seconds, fates, good, refused, probes } = row
    const rate = (count: number): string => (count / seconds).toFixed(0)
    const p99 = (values: readonly number[]): string =>
      values.length === 0 ? '-' : percentile(Float64Array.from(values).sort(), 0.99).toFixed(0)
    lines.push([
      `${times}x`.padEnd(6), rate(offered).padStart(11), rate(fates.good).padStart(9), rate(fates.degraded).padStart(12),
      rate(fates.refused).padStart(11), rate(fates.late).padStart(8), rate(fates.failed).padStart(10),
      p99(good).padStart(13), p99(refused).padStart(16), (probes.length === 0 ? '-' : Math.max(...probes).toFixed(0)).padStart(14),
    ].join(''))
  }
  const kept = keptUnderOverload(rows)
  const most = Math.max(...rows.map(({ times }) => times))
  return [...lines, '', `At ${most} times capacity the service keeps ${Math.floor(kept * 100)} % of its best goodput: ` +
    `${kept >= LEAST_GOODPUT ? 'yes' : 'no'} (${LEAST_GOODPUT * 100} % wanted).`].join('\n')
}
