import { curvePlot } from '../../src/plot/lines.ts'
import type { Cores } from '../cores.ts'
import type { Picture } from '../page.ts'
import { percentile } from '../statistics.ts'
import type { FloodAnswer } from './flood-process.ts'

/** One rate, as a multiple of the measured capacity. */
export interface ShedRow extends FloodAnswer {
  readonly times: number
  /** Seconds of CPU time that the service took meanwhile; NaN where nobody knows. */
  readonly cpu: number
}

export interface ShedFigures {
  /** Good answers a second in a closed loop. */
  readonly capacity: number
  readonly deadlineMs: number
  readonly cores: Cores
  readonly rows: readonly ShedRow[]
}

/** What goodput is to keep of its peak at the highest rate. */
export const LEAST_GOODPUT = 0.8

/** Answers in time and not degraded, a second. */
export function goodput ({ good, seconds }: Pick<FloodAnswer, 'good' | 'seconds'>): number {
  return good.length / seconds
}

/** Goodput at the highest rate as a share of the best of all rates; also for another measure of it. */
export function keptUnderOverload (rows: readonly ShedRow[], of: (row: ShedRow) => number = goodput): number {
  const most = rows.reduce((a, b) => b.times > a.times ? b : a)
  return of(most) / Math.max(...rows.map(of))
}

/** Load against what comes of it: goodput, what is answered cheaply, and what is refused; and how long answers take. */
export function shedPictures ({ capacity, rows }: ShedFigures): Picture[] {
  const byLoad = [...rows].sort((a, b) => a.times - b.times)
  const line = (name: string, of: (row: ShedRow) => number) =>
    ({ name, points: byLoad.map((row) => ({ x: row.offered / row.seconds, y: of(row) / row.seconds })) })
  const slowest = (name: string, of: (row: ShedRow) => readonly number[]) =>
    ({ name, points: byLoad.map((row) => ({ x: row.offered / row.seconds, y: p99(of(row)) })) })
  const fates = `What becomes of requests under overload; capacity ${capacity.toFixed(0)} a second`
  const latencies = 'Throughput against latency under overload'
  return [
    {
      name: 'shed',
      title: fates,
      svg: curvePlot(fates, { x: 'offered a second', y: 'a second' }, [
        line('good and in time', ({ good }) => good.length),
        line('popular items at once', ({ fates }) => fates.degraded),
        line('refused', ({ fates }) => fates.refused),
      ]),
    },
    {
      name: 'shed-latency',
      title: latencies,
      svg: curvePlot(latencies, { x: 'offered a second', y: 'p99, ms' }, [
        slowest('good and in time', ({ good }) => good), slowest('refused', ({ refused }) => refused),
      ]),
    },
  ]
}

/** NaN of nothing. */
function p99 (values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : percentile(Float64Array.from(values).sort(), 0.99)
}

export function shedReport ({ capacity, deadlineMs, cores, rows }: ShedFigures): string {
  const lines = [
    `capacity ${capacity.toFixed(0)} req/s (closed loop, 32 connections); deadline ${deadlineMs} ms; ` +
    (cores.service === undefined ? 'service and load share all cores' : `service on cores ${cores.service}, load on ${cores.load}`),
    'load    offered/s   good/s  degraded/s  refused/s  late/s  failed/s  good p99 ms  refused p99 ms  probe max ms' +
    '  sent late p99 ms  service cores  good per CPU s',
  ]
  for (const row of rows) {
    const { times, offered, seconds, fates, good, refused, probes, behind, cpu } = row
    const rate = (count: number): string => (count / seconds).toFixed(0)
    const slowest = (values: readonly number[]): string => values.length === 0 ? '-' : p99(values).toFixed(0)
    lines.push([
      `${times}x`.padEnd(6), rate(offered).padStart(11), rate(fates.good).padStart(9), rate(fates.degraded).padStart(12),
      rate(fates.refused).padStart(11), rate(fates.late).padStart(8), rate(fates.failed).padStart(10),
      slowest(good).padStart(13), slowest(refused).padStart(16), (probes.length === 0 ? '-' : Math.max(...probes).toFixed(0)).padStart(14),
      slowest(behind).padStart(18), (cpu / seconds).toFixed(2).padStart(15),
      (good.length / cpu).toFixed(0).padStart(16),
    ].join(''))
  }
  const kept = keptUnderOverload(rows)
  const most = Math.max(...rows.map(({ times }) => times))
  return [...lines, '', `At ${most} times capacity the service keeps ${share(kept)} of its best goodput: ` +
    `${kept >= LEAST_GOODPUT ? 'yes' : 'no'} (${LEAST_GOODPUT * 100} % wanted); of that a second of its CPU time gives, ` +
    `${share(keptUnderOverload(rows, ({ good, cpu }) => good.length / cpu))}.`].join('\n')
}

function share (ratio: number): string {
  return `${Math.floor(ratio * 100)} %`
}
