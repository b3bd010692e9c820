import type { Fate } from '../shed/open-loop.ts'
import { percentile } from '../statistics.ts'

/** A thirtieth of the time. */
export interface SoakSlice {
  /** Since the start, at its end. */
  readonly minute: number
  readonly rssMiB: number
  readonly offered: number
  readonly fates: Readonly<Record<Fate, number>>
  /** Milliseconds, of good answers. */
  readonly latencies: readonly number[]
}

export interface SoakFigures {
  /** Good answers a second in a closed loop, and what was offered. */
  readonly capacity: number
  readonly perSecond: number
  readonly slices: readonly SoakSlice[]
}

/** Compilers and caches grow in the first third; what grows after it goes on growing. */
const WARM = 1 / 3

/** Slope of the least-squares line through points; NaN for fewer than two. */
export function slope (points: ReadonlyArray<readonly [x: number, y: number]>): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([px]) => px), mean(([, py]) => py)]
  const covariance = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0)
  return covariance / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0)
}

/** One line while it runs. */
export function soakLine ({ minute, rssMiB, offered, fates, latencies }: SoakSlice): string {
  return `minute ${minute.toFixed(1).padStart(5)}  RSS ${rssMiB.toFixed(0)} MiB  offered ${offered}  good ${fates.good}  ` +
    `degraded ${fates.degraded}  refused ${fates.refused}  late ${fates.late}  failed ${fates.failed}  p99 ${p99(latencies)} ms`
}

export function soakReport ({ capacity, perSecond, slices }: SoakFigures): string {
  const warm = slices.slice(Math.floor(slices.length * WARM))
  const half = Math.floor(warm.length / 2)
  const [before, after] = [warm.slice(0, half), warm.slice(half)]
    .map((some) => some.flatMap(({ latencies }) => latencies))
  const sum = (fate: Fate): number => slices.reduce((total, { fates }) => total + fates[fate], 0)
  const offered = slices.reduce((total, slice) => total + slice.offered, 0)
  return [
    `capacity ${capacity.toFixed(0)} req/s, offered ${perSecond.toFixed(0)} req/s for ` +
    `${slices.at(-1)!.minute.toFixed(1)} minutes`,
    `RSS slope after the first third: ${slope(warm.map(({ minute, rssMiB }) => [minute, rssMiB])).toFixed(2)} MiB a minute ` +
    `(${warm[0]!.rssMiB.toFixed(0)} MiB, at the end ${warm.at(-1)!.rssMiB.toFixed(0)} MiB)`,
    `p99 of the middle third ${p99(before!)} ms, of the last third ${p99(after!)} ms`,
    `of ${offered} requests: good ${sum('good')}, degraded ${sum('degraded')}, refused ${sum('refused')}, late ${sum('late')}, ` +
    `failed ${sum('failed')}`,
  ].join('\n')
}

function p99 (latencies: readonly number[]): string {
  return latencies.length === 0 ? '-' : percentile(Float64Array.from(latencies).sort(), 0.99).toFixed(1)
}
