import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importEvents, type ImportOptions } from '../../src/pipeline/import-events.ts'
import { importSettings } from '../../src/pipeline/import-settings.ts'
import { openStore } from '../../src/state/embedded/open-store.ts'
import type { Store } from '../../src/state/stores.ts'

const LOG = `user_id,item_id,domain,timestamp
ann,a,sport,1400000003
bob,b,sport,1400000001
ann,b,cloth,1400000001
gone,a,sport,1400000001
`

describe('an import of events', () => {
  let dir: string
  let store: Store
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'isthmus-import-'))
    store = await openStore(join(dir, 'data'))
    await store.erase('gone')
    await store.append([
      { eventId: 'e1', userId: 'ann', itemId: 'new', type: 'view', timestamp: 1_500_000_000_000 },
      { eventId: 'e2', userId: 'ann', itemId: 'a', type: 'view', timestamp: 1_400_000_003_000 },
    ])
  })
  afterEach(async () => {
    await store.close()
    await rm(dir, { recursive: true })
  })

  const items = async (userId: string): Promise<string[]> =>
    (await store.history(userId, 2000)).entries.map(({ itemId }) => itemId)
  const run = async (text: string | Buffer, options: Partial<ImportOptions> = {}, name = 'log.csv') => {
    await writeFile(join(dir, name), text)
    return await importEvents({ inputs: [join(dir, name)], store, ...options })
  }

  it('adds old events before new ones, never one twice, and nothing of erased users', async () => {
    expect(await run(LOG)).toEqual({ users: 2, events: 2 })
    expect([await items('ann'), await items('bob'), await items('gone')]).toEqual([['b', 'a', 'new'], ['b'], []])
  })

  it('may be repeated: the same bytes change nothing, and neither do the same events in another file', async () => {
    await run(LOG)
    expect(await run(LOG, {}, 'copy.csv')).toEqual({ users: 0, events: 0 })
    const jsonl = LOG.trim().split('\n').slice(1).map((line) => {
      const [userId, itemId, , timestamp] = line.split(',')
      return JSON.stringify({ userId, itemId, timestamp: Number(timestamp) })
    }).join('\n')
    expect(await run(gzipSync(jsonl), {}, 'log.jsonl.gz')).toEqual({ users: 0, events: 0 })
    expect(await items('ann')).toEqual(['b', 'a', 'new'])
  })

  it('names bad rows, and imports nothing where they are many', async () => {
    const told: string[] = []
    const bad = `${LOG}bob,,sport,1400000001\n`
    const onBadRow: ImportOptions['onBadRow'] = ({ line, reason }) => { told.push(`${line}: ${reason}`) }
    await expect(run(bad, { onBadRow })).rejects.toMatchObject({ code: 'too_many_bad_rows' })
    expect(told).toEqual(['6: item_id is missing'])
    expect(await items('bob')).toEqual([])
    expect(await run(bad, { maxBadShare: 0.5 })).toEqual({ users: 2, events: 2 })
  })

  it('goes on where it was stopped', async () => {
    const log = `user_id,item_id,timestamp\n${Array.from({ length: 30_000 }, (_, i) =>
      `u${String(i % 300).padStart(3, '0')},i${i},${1_400_000_000 + i}`).join('\n')}\n`
    const stop = new AbortController()
    await expect(run(log, { signal: stop.signal, onProgress: () => { stop.abort() } }))
      .rejects.toMatchObject({ code: 'interrupted' })
    const histories = await Promise.all(
      Array.from({ length: 300 }, async (_, u) => await items(`u${String(u).padStart(3, '0')}`)))
    const before = histories.filter(({ length }) => length > 0)
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThan(300)
    expect(await run(log)).toEqual({ users: 300 - before.length, events: 100 * (300 - before.length) })
    expect(await items('u299')).toHaveLength(100)
  })

  it('keeps the latest of a long history', async () => {
    const log = `user_id,item_id,timestamp\n${Array.from({ length: 5000 }, (_, i) => `eve,i${i},${1_400_000_000 + i}`).join('\n')}`
    await run(log)
    const kept = await items('eve')
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([1000, 'i4000', 'i4999'])
  })
})

describe('settings of an import', () => {
  it('have defaults, and are refused by name', () => {
    expect(importSettings({})).toEqual({ dataDir: undefined, maxBadShare: 0.01 })
    expect(importSettings({ dataDir: 'x', maxBadShare: '0.2' })).toEqual({ dataDir: 'x', maxBadShare: 0.2 })
    for (const [field, value] of [['maxBadShare', '2'], ['maxBadShare', ''], ['maxBadShare', true], ['dataDir', 1], ['other', 1]]) {
      expect(() => importSettings({ [String(field)]: value }))
        .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
    }
  })
})
