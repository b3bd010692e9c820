import { describe, expect, it } from 'vitest'
import { parsePopularity, rankPopularity } from '../../src/retrieve/popularity.ts'

const DAY = 86_400_000
const events = (...counts: Array<[row: number, times: number, day?: number]>) =>
  counts.flatMap(([row, times, day = 0]) => Array.from({ length: times }, () => ({ row, time: day * DAY })))

describe('popular items', () => {
  it('come by purchases, the largest score being 1', () => {
    expect(rankPopularity(events([2, 4], [0, 1], [1, 2]), { clusterOf: [0, 1, 2], halfLifeDays: 30, limit: 10 }))
      .toEqual([{ row: 2, score: 1 }, { row: 1, score: 0.5 }, { row: 0, score: 0.25 }])
  })

  it('count half as much after the half-life', () => {
    const ranked = rankPopularity(events([0, 3, 0], [1, 2, 30]), { clusterOf: [0, 1], halfLifeDays: 30, limit: 10 })
    expect(ranked).toEqual([{ row: 1, score: 1 }, { row: 0, score: 0.75 }])
  })

  it('are spread over kinds: a second of one kind gives way to a first of another', () => {
    const ranked = rankPopularity(events([0, 10], [1, 9], [2, 8]), { clusterOf: [0, 0, 1], halfLifeDays: 30, limit: 3 })
    expect(ranked.map(({ row }) => row)).toEqual([0, 2, 1])
    expect(ranked[2]!.score).toBeCloseTo(0.72, 12)
  })

  it('with equal scores come by row, and no more than asked for', () => {
    const kinds = { clusterOf: [0, 1, 2, 3], halfLifeDays: 30, limit: 2 }
    const ranked = rankPopularity(events([3, 1], [1, 1], [2, 1]), kinds)
    expect(ranked.map(({ row }) => row)).toEqual([1, 2])
  })

  it('are nothing where nothing was bought', () => {
    expect(rankPopularity([], { clusterOf: [], halfLifeDays: 30, limit: 5 })).toEqual([])
  })

  it.each(['{', '[]', '{"items":[["a"]]}', '{"items":[["a","1"]]}', '{"items":[[1,1]]}'])('are not read from %s', (text) => {
    expect(() => parsePopularity(text, 'popularity-sport.json')).toThrow(expect.objectContaining({
      code: 'artefact_invalid', place: { file: 'popularity-sport.json' },
    }))
  })
})
