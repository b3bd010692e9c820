import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { BadRow } from '../../src/data/bad-rows.ts'
import { readEvents } from '../../src/data/read-events.ts'
import type { LoggedEvent, ReadEventsOptions } from '../../src/data/read-events.ts'
import { EVENTS, withFiles } from './shop.ts'
import type { Files } from './shop.ts'

async function read (files: Files, options: ReadEventsOptions = {}, name = ''): Promise<LoggedEvent[]> {
  return withFiles(files, async (folder) => {
    const work = join(folder, 'work')
    await mkdir(work)
    const input = join(folder, 'in', name)
    const events: LoggedEvent[] = []
    try {
      for await (const batch of readEvents(input, { folder: work, ...options })) events.push(...batch)
    } finally {
      expect(await readdir(work)).toEqual([])
    }
    return events
  })
}

describe('events of a log', () => {
  it('come by user, in order of time, with all that is known of them', async () => {
    const log = `userId,itemId,timestamp,rating,domain
zoe,s1,1400000002,5,sport
ann,s2,1400000009,,
zoe,s2,1400000001,0.5,sport
ann,s1,1400000009,,sport\n`
    expect(await read({ 'interactions.csv': log })).toEqual([
      { userId: 'ann', itemId: 's2', timestamp: 1_400_000_009_000 },
      { userId: 'ann', itemId: 's1', timestamp: 1_400_000_009_000, domain: 'sport' },
      { userId: 'zoe', itemId: 's2', timestamp: 1_400_000_001_000, domain: 'sport', value: 0.5 },
      { userId: 'zoe', itemId: 's1', timestamp: 1_400_000_002_000, domain: 'sport', value: 5 },
    ])
  })

  it('need no domain and no file of items, and a file that is named may have any name', async () => {
    const log = 'user_id,item_id,timestamp\nann,s1,1400000000\n'
    const wanted = [{ userId: 'ann', itemId: 's1', timestamp: 1_400_000_000_000 }]
    expect(await read({ 'march.csv.gz': gzipSync(log) }, {}, 'march.csv.gz')).toEqual(wanted)
    await expect(read({ 'march.csv': log })).rejects.toMatchObject({ code: 'input_missing' })
    await expect(read({}, {}, 'march.csv')).rejects.toMatchObject({ code: 'input_missing' })
    await expect(read({ 'march.txt': log }, {}, 'march.txt')).rejects.toMatchObject({ code: 'input_unreadable' })
  })

  it('come whole when there are many batches of them', async () => {
    const lines = Array.from({ length: 7000 }, (_, i) => `u${i % 50},i${i},${1_400_000_000 + i}`)
    const events = await read({ 'interactions.csv': `user_id,item_id,timestamp\n${lines.join('\n')}` })
    expect(new Set(events.map(({ itemId }) => itemId)).size).toBe(7000)
  })

  it('are told of when they are bad, before the first batch, and are refused when many are', async () => {
    const log = `${EVENTS.trim().split('\n').map((line, i) => `${line},${i === 0 ? 'rating' : 6 - i}`).join('\n')}\nx\n`
    const told: BadRow[] = []
    const counts: number[] = []
    const events = await read({ 'interactions.csv': log }, {
      maxBadShare: 0.5, onBadRow: (row) => told.push(row), onRead: ({ rows, bad }) => counts.push(rows, bad),
    })
    expect(events.length).toBe(6)
    expect(counts).toEqual([7, 1])
    expect(told).toEqual([{ file: 'interactions.csv', line: 8, reason: "the number of fields is not the header's" }])
    await expect(read({ 'interactions.csv': log })).rejects.toMatchObject({ code: 'too_many_bad_rows', place: { line: 8 } })
  })

  it.each(['6', '-1', 'five', '1e400', 'NaN'])('may not have the rating %s', async (rating) => {
    const told: string[] = []
    await read({ 'interactions.csv': `user_id,item_id,timestamp,rating\nann,s1,1400000000,${rating}\n` }, {
      maxBadShare: 1, onBadRow: ({ reason }) => told.push(reason),
    })
    expect(told).toEqual(['rating is not a number from 0 to 5'])
  })

  it('stop when they are told to, and leave no work files', async () => {
    const stop = new AbortController()
    await expect(read({ 'interactions.csv': EVENTS }, { signal: stop.signal, onRead: () => stop.abort() }))
      .rejects.toMatchObject({ code: 'interrupted' })
  })
})
