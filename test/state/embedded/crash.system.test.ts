import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../../../src/paths.ts'
import { createRandom } from '../../../src/random.ts'
import { openStore } from '../../../src/state/embedded/open-store.ts'
import type { StoredEvent } from '../../../src/state/stores.ts'

const ROUNDS = 20
const WRITERS = 16
const STORE = compiled('src/state/embedded/open-store.ts').href

/** Writes without end and prints what was acknowledged: `<writer> <number>`, an event and an item of that name each. */
const CHILD = `
import { writeSync } from 'node:fs'
const [dir, round] = process.argv.slice(1)
const { openStore } = await import('${STORE}')
const store = await openStore(dir)
await Promise.all(Array.from({ length: ${WRITERS} }, async (_, writer) => {
  for (let n = 0; ; n++) {
    const name = round + '-' + writer + '-' + n
    const event = { eventId: name, userId: round + '-' + writer, itemId: name, type: 'view', timestamp: n }
    const item = { itemId: name, domain: 'd', version: 1, ingestedAt: n, contentHash: name, embedderId: 'e',
      state: 'ready', embedding: Float32Array.of(n) }
    await Promise.all([store.append([event, { ...event, eventId: name + '+', itemId: name + '+' }]), store.putItems([item])])
    writeSync(1, writer + ' ' + n + '\\n')
  }
}))`

describe('a process that is killed while it writes', () => {
  let dir: string
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'isthmus-crash-')) })
  afterEach(async () => { await rm(dir, { recursive: true }) })

  it(`P1: loses nothing it acknowledged and stores nothing twice, in ${ROUNDS} rounds`, async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6)
    console.log(`SEED=${seed}`)
    const random = createRandom(seed, 'kill')
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await killAfter(dir, String(round), 1 + random.integer(400))
      const store = await openStore(dir)
      for (const [writer, last] of acknowledged) {
        const items = (await store.history(`${round}-${writer}`, 1000)).entries.map(({ itemId }) => itemId)
        expect(new Set(items).size).toBe(items.length)
        // A call's two events are there together or not at all, and in the order in which they were written.
        expect(items.length % 2).toBe(0)
        const count = items.length / 2
        expect(count).toBeGreaterThan(last)
        expect(items).toEqual(Array.from({ length: count }, (_, n) =>
          [`${round}-${writer}-${n}`, `${round}-${writer}-${n}+`]).flat())
        for (let n = 0; n <= last; n++) {
          expect(store.getItem(`${round}-${writer}-${n}`)?.embedding).toEqual(Float32Array.of(n))
        }
        const again: StoredEvent = {
          eventId: `${round}-${writer}-${last}`,
          userId: `${round}-${writer}`,
          itemId: `${round}-${writer}-${last}`,
          type: 'view',
          timestamp: last,
        }
        expect(await store.append([again])).toEqual(['duplicate'])
      }
      const names = [...store.changes()].map((change) => change.kind === 'put' ? change.item.itemId : '')
      expect(new Set(names).size).toBe(names.length)
      await store.close()
    }
  })

  it('P2: acknowledges nothing before it is flushed', () => {
    const trace = spawnSync('strace', [
      '-f', '-e', 'trace=fsync,fdatasync,write', process.execPath, '--input-type=module', '-e', `
import { writeSync } from 'node:fs'
const { openStore } = await import('${STORE}')
const store = await openStore(process.argv[1])
writeSync(1, 'OPEN')
for (let n = 0; n < 20; n++) {
  await store.append([{ eventId: String(n), userId: 'u', itemId: 'i', type: 'view', timestamp: n }])
  writeSync(1, 'ACKNOWLEDGED')
}
await store.close()`, dir], { encoding: 'utf8' })
    expect(trace.error).toBeUndefined()
    const calls = trace.stderr.split('\n').filter((line) => /"OPEN"|"ACKNOWLEDGED"|f(data)?sync.*= 0/.test(line))
      .map((line) => line.includes('sync') ? 'flush' : line.includes('OPEN') ? 'open' : 'acknowledged')
    const after = calls.slice(calls.indexOf('open') + 1)
    expect(after.filter((call) => call === 'acknowledged')).toHaveLength(20)
    for (const [i, call] of after.entries()) if (call === 'acknowledged') expect(after[i - 1]).toBe('flush')
  })
})

describe('a disk that is full', () => {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && process.env.CI !== undefined) throw new Error('only root can mount a small disk')

  it.skipIf(!isRoot)('refuses writes with a code, keeps what is there, and takes more when there is room', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'isthmus-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir])
    try {
      await writeFile(join(dir, 'filler'), Buffer.alloc(2 << 20))
      let store = await openStore(dir)
      let stored = 0
      const write = async (n: number): Promise<void> => {
        await store.append([{ eventId: `e${n}`, userId: `u${n}`, itemId: 'x'.repeat(128), type: 'view', timestamp: n }])
        await store.putItems([{
          itemId: `i${n}`,
          domain: 'd',
          version: 1,
          ingestedAt: 0,
          contentHash: '',
          embedderId: '',
          state: 'ready',
          embedding: new Float32Array(2048),
        }])
      }
      const full = await (async () => {
        for (;; stored++) await write(stored)
      })().catch((error: unknown) => error)
      expect(full).toMatchObject({ code: 'store_full' })
      expect(stored).toBeGreaterThan(10)
      await expect(write(stored)).rejects.toMatchObject({ code: 'store_full' })
      expect((await store.history('u0', 1)).entries).toHaveLength(1)
      await store.close()
      store = await openStore(dir)
      for (let n = 0; n < stored; n++) expect(store.getItem(`i${n}`)).toBeDefined()
      await unlink(join(dir, 'filler'))
      await write(stored)
      await store.close()
    } finally {
      execFileSync('umount', [dir])
      await rm(dir, { recursive: true })
    }
  })
})

/** Runs the child until it acknowledged `count` writes, kills it at once, and gives the last acknowledged by writer. */
async function killAfter (dir: string, round: string, count: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, dir, round], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged = new Map<string, number>()
  let lines = 0
  for await (const line of createInterface(child.stdout)) {
    const [writer = '', n] = line.split(' ')
    acknowledged.set(writer, Number(n))
    if (++lines === count) child.kill('SIGKILL')
  }
  expect(lines).toBeGreaterThanOrEqual(count)
  return acknowledged
}
