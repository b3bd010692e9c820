import { describe, expect, it } from 'vitest'
import { median, percentile, summarise } from '../../bench/statistics.ts'

describe('a percentile', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)

  it('is the smallest value that so many do not exceed', () => {
    expect([0.5, 0.9, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 90, 99, 100])
    expect(percentile([1, 2, 3], 0.5)).toBe(2)
    expect(percentile([1, 2, 3], 0.99)).toBe(3)
  })

  it('is the least value at 0, and the only one of one', () => {
    expect(percentile(hundred, 0)).toBe(1)
    expect([0, 0.5, 0.99].map((share) => percentile([7], share))).toEqual([7, 7, 7])
  })

  it('of nothing is no number', () => {
    expect(percentile([], 0.5)).toBeNaN()
  })
})

describe('a median', () => {
  it('is the middle value, or the mean of the middle two, in whatever order they come', () => {
    expect(median([9, 1, 10])).toBe(9)
    expect(median([10, 1, 9, 2])).toBe(5.5)
  })

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN()
  })
})

describe('a summary', () => {
  it('counts good answers over all the time of all runs', () => {
    const runs = [{ seconds: 1, latencies: [3, 1], bad: 1 }, { seconds: 3, latencies: [2, 10, 4, 5], bad: 0 }]
    expect(summarise(runs)).toEqual({ perSecond: 1.5, p50: 3, p90: 10, p99: 10, bad: 1 })
  })
})
