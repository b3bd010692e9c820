/** What one run of a target measured: good answers only count, others are named apart. */
export interface Sample {
  readonly seconds: number
  /** Milliseconds of each good answer, in any order. */
  readonly latencies: readonly number[]
  /** Answers that were refused, degraded or broken. */
  readonly bad: number
}

export interface Summary {
  readonly perSecond: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly bad: number
}

/**
 * The smallest value that at least `share` (0..1) of the values do not exceed (nearest rank): always a value that was
 * measured. `sorted` is ascending; NaN where it is empty.
 */
export function percentile (sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

/** The middle value, or the mean of the middle two; NaN of nothing. */
export function median (values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : sorted.length === 0 ? NaN : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Runs of one target as one: throughput over all the time, percentiles over all the answers. */
export function summarise (samples: readonly Sample[]): Summary {
  const latencies = Float64Array.from(samples.flatMap((sample) => sample.latencies)).sort()
  const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0)
  return {
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p90: percentile(latencies, 0.9),
    p99: percentile(latencies, 0.99),
    bad: samples.reduce((sum, sample) => sum + sample.bad, 0),
  }
}
