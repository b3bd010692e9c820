import type { Cores } from '../cores.ts'
import type { FloodAnswer } from '../shed/flood-process.ts'
import type { Fate } from '../shed/open-loop.ts'
import { percentile } from '../statistics.ts'

export interface SwapFigures {
  /** Good answers a second in a closed loop, and what was offered. */
  readonly capacity: number
  readonly perSecond: number
  readonly cores: Cores
  /** Slices without swaps and with, by turns. */
  readonly still: readonly FloodAnswer[]
  readonly swapping: readonly FloodAnswer[]
  /** Of each swap, from the call to its answer. */
  readonly swapSeconds: readonly number[]
}

/** What p99 may be at most while models are swapped, as a multiple of p99 without. */
export const MOST_P99 = 2

/** p99 of good answers while models are swapped, as a multiple of that without. */
export function swapRatio ({ still, swapping }: Pick<SwapFigures, 'still' | 'swapping'>): number {
  return quantile(swapping, 0.99) / quantile(still, 0.99)
}

/** A table in Markdown, and what it says of the promise. */
export function swapReport (figures: SwapFigures): string {
  const { capacity, perSecond, cores, still, swapping, swapSeconds } = figures
  const swaps = swapSeconds.length
  const mean = swapSeconds.reduce((sum, seconds) => sum + seconds, 0) / swaps
  const unanswered = count(swapping, 'failed') + count(swapping, 'refused')
  const ratio = swapRatio(figures)
  return [
    `Offered ${perSecond.toFixed(0)} requests a second, half of ${capacity.toFixed(0)} ` +
    `(${cores.service === undefined ? 'service and load share all cores' : `service on cores ${cores.service}, load on ${cores.load}`}); ` +
    `${swaps} swaps, one after the other, of ${mean.toFixed(2)} s each: read, tried in a process of its own, warmed, let in.`,
    '',
    '| | requests | good | degraded | refused | late | failed | p50 ms | p99 ms | most ms |',
    '|---|---|---|---|---|---|---|---|---|---|',
    row('one model', still),
    row('swapped all the time', swapping),
    '',
    `p99 is ${ratio.toFixed(2)} times that without swaps, ${unanswered} of ${offered(swapping)} requests were failed or refused: ` +
    `${ratio <= MOST_P99 && unanswered === 0 ? 'yes' : 'no'} (at most ${MOST_P99} times and none wanted).`,
  ].join('\n')
}

function row (name: string, slices: readonly FloodAnswer[]): string {
  const fates = (['good', 'degraded', 'refused', 'late', 'failed'] as const).map((fate) => count(slices, fate))
  const ms = [0.5, 0.99, 1].map((share) => quantile(slices, share).toFixed(1))
  return `| ${[name, offered(slices), ...fates, ...ms].join(' | ')} |`
}

function offered (slices: readonly FloodAnswer[]): number {
  return slices.reduce((sum, slice) => sum + slice.offered, 0)
}

function count (slices: readonly FloodAnswer[], fate: Fate): number {
  return slices.reduce((sum, { fates }) => sum + fates[fate], 0)
}

/** Milliseconds, of good answers of all slices. */
function quantile (slices: readonly FloodAnswer[], share: number): number {
  return percentile(Float64Array.from(slices.flatMap(({ good }) => good)).sort(), share)
}
