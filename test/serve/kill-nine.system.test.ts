import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCAL_EMBEDDER_ID } from '../../src/encode/local-embedder.ts'
import { createRandom } from '../../src/random.ts'
import { openStore } from '../../src/state/embedded/open-store.ts'
import type { Store } from '../../src/state/stores.ts'
import { figure } from '../support/figures.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const ROUNDS = 20
const WRITERS = 16

/** What was sent, and whether an answer of 2xx came. */
interface Sent {
  readonly userId: string
  readonly eventIds: readonly string[]
  readonly itemId: string
  events: 'sent' | 'acknowledged'
  item: 'sent' | 'acknowledged'
}

describe('npm start, killed while it is written to', () => {
  let tiny: TinyBundle
  let dataDir: string
  beforeAll(async () => {
    tiny = await writeTinyBundle({ embedder: { id: LOCAL_EMBEDDER_ID, width: 384 } })
    dataDir = await mkdtemp(join(tmpdir(), 'isthmus-kill-'))
  })
  afterAll(async () => {
    await tiny.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  it(`P1: has every acknowledged write after a restart, and none twice, in ${ROUNDS} rounds`, async (test) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6)
    console.log(`SEED=${seed}`)
    const random = createRandom(seed, 'kill')
    const all: Sent[] = []
    const tally = { events: 0, items: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      const service = await startProcess({ DATA_DIR: dataDir, LOG_LEVEL: 'warn' }, ['--bundle', tiny.root])
      all.push(...await writeUntilKilled(service, round, 1 + random.integer(120)))
      const store = await openStore(dataDir)
      for (const sent of all) await check(store, sent)
      const ids = [...store.changes()].flatMap((change) => change.kind === 'put' ? [change.item.itemId] : [])
      expect(new Set(ids).size).toBe(ids.length)
      await store.close()
    }
    for (const { events, item } of all) {
      if (events === 'acknowledged') tally.events++
      if (item === 'acknowledged') tally.items++
    }
    figure(test, `seed ${seed}: ${tally.events} calls with events and ${tally.items} items acknowledged in ${ROUNDS} rounds, none lost`)
    expect(Math.min(tally.events, tally.items)).toBeGreaterThan(ROUNDS)

    // Through the service as well: a retry is a duplicate, and an item is there and searched.
    const service = await startProcess({ DATA_DIR: dataDir }, ['--bundle', tiny.root])
    const { userId, itemId, eventIds } = all.findLast(({ item, events }) => item === events && item === 'acknowledged')!
    const again = await service.post('/events', eventIds.map((eventId, n) => event(userId, eventId, n))[0])
    expect(again).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 1 } })
    expect(await (await service.get(`/items/${itemId}`)).json()).toMatchObject({ itemId, version: 1, state: 'ready' })
    expect((await service.get(`/items/${itemId}/similar?domain=sport&k=3`)).status).toBe(200)
    expect(await service.stop()).toBe(0)
  }, 900_000)
})

/** Posts from many writers at once; kills the service when `count` calls were acknowledged. */
async function writeUntilKilled (service: ServiceProcess, round: number, count: number): Promise<Sent[]> {
  const all: Sent[] = []
  let acknowledged = 0
  const killed: Array<Promise<unknown>> = []
  const post = async (path: string, body: unknown): Promise<boolean> => {
    try {
      const { status } = await service.post(path, body)
      // Slow disks and full queues may refuse; a refusal promises nothing.
      if (status >= 300) return false
    } catch (error) {
      if (killed.length === 0) throw error
      return false
    }
    if (++acknowledged === count) killed.push(service.stop('SIGKILL'))
    return true
  }
  await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
    for (let n = 0; killed.length === 0; n++) {
      const name = `${round}-${writer}-${n}`
      const sent: Sent = {
        userId: `user-${name}`, itemId: `item-${name}`, eventIds: [randomUUID(), randomUUID()], events: 'sent', item: 'sent',
      }
      all.push(sent)
      const item = { itemId: sent.itemId, domain: 'sport', title: `a new running ball ${name}` }
      const events = sent.eventIds.map((eventId, i) => event(sent.userId, eventId, i))
      await Promise.all([
        post('/items', item).then((done) => { if (done) sent.item = 'acknowledged' }),
        post('/events', { events }).then((done) => { if (done) sent.events = 'acknowledged' }),
      ])
    }
  }))
  expect(await Promise.all(killed)).toEqual(['SIGKILL'])
  return all
}

async function check (store: Store, { userId, itemId, events, item, eventIds }: Sent): Promise<void> {
  const history = (await store.history(userId, 1000)).entries.map(({ itemId }) => itemId)
  const whole = eventIds.map((_, n) => `sport-000${n}`)
  // Without an answer: all of a call, or nothing.
  if (events === 'acknowledged' || history.length > 0) expect(history).toEqual(whole)
  if (item === 'acknowledged') expect(store.getItem(itemId)).toMatchObject({ itemId, version: 1 })
}

/** One of the two events of a call. Its time is given: a retry must be the same event. */
function event (userId: string, eventId: string, n: number): object {
  return { eventId, userId, itemId: `sport-000${n}`, type: 'view', timestamp: startOfTest + n }
}

const startOfTest = Date.now() - 60_000
