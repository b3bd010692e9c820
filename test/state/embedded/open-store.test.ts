import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT_REFUSED, EXIT_TEMPORARY, exitStatus } from '../../../src/errors.ts'
import { encodeRecord } from '../../../src/state/record.ts'
import { openStore } from '../../../src/state/embedded/open-store.ts'
import { SEAL_FILE } from '../../../src/state/embedded/seal.ts'
import type { StoredEvent } from '../../../src/state/stores.ts'
import { figure } from '../../support/figures.ts'
import { storeContract } from '../stores.contract.ts'

const newDir = async (): Promise<string> => await mkdtemp(join(tmpdir(), 'isthmus-store-'))

storeContract('embedded', async (now) => {
  const dir = await newDir()
  let store = await openStore(dir, { now })
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openStore(dir, { now })
      return store
    },
    close: async () => {
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
})

describe('opening a data directory', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await newDir()
    file = join(dir, 'store.mdb')
  })
  afterEach(async () => { await rm(dir, { recursive: true }) })

  const codeAndStatus = async (): Promise<[string, number]> => {
    const error = await openStore(dir).then(async (store) => { await store.close() }, (error: unknown) => error)
    return [(error as { code?: string } | undefined)?.code ?? 'opened', exitStatus(error)]
  }

  it('makes it where it is absent, for its owner alone', async () => {
    const deep = join(dir, 'a', 'b')
    const store = await openStore(deep)
    expect((await stat(deep)).mode & 0o777).toBe(0o700)
    await store.close()
  })

  it('is refused while another has it, and leaves nothing behind', async () => {
    const store = await openStore(dir)
    const names = await readdir(dir)
    expect(await codeAndStatus()).toEqual(['store_locked', EXIT_TEMPORARY])
    expect(await readdir(dir)).toEqual(names)
    await store.append([event(1)])
    await store.close()
    expect(await codeAndStatus()).toEqual(['opened', 1])
    expect((await readdir(dir)).filter((name) => name.startsWith('lock-'))).toEqual([])
  })

  it('lets at most one of many in, and one when they come one by one', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, async () => await openStore(dir)))
    const stores = results.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])
    expect(stores.length).toBeLessThanOrEqual(1)
    for (const store of stores) await store.close()
    expect(await codeAndStatus()).toEqual(['opened', 1])
  })

  it('is refused where it is a file', async () => {
    await writeFile(file, '')
    dir = file
    expect(await codeAndStatus()).toEqual(['config_invalid', EXIT_REFUSED])
    dir = join(file, '..')
  })

  it.each([
    ['text', Buffer.from('hello world '.repeat(1000))], ['zeros', Buffer.alloc(65_536)], ['one byte', Buffer.alloc(1)],
  ])('is refused where the store is %s, and not touched', async (_, bytes) => {
    await writeFile(file, bytes)
    expect(await codeAndStatus()).toEqual(['store_corrupt', EXIT_REFUSED])
    expect(await readFile(file)).toEqual(bytes)
  })

  it('is refused where the store is a database of another program, and not touched', async () => {
    const other = open({ path: file, noSubdir: true })
    await other.put('their', 'data')
    await other.close()
    const before = await readFile(file)
    expect(await codeAndStatus()).toEqual(['store_corrupt', EXIT_REFUSED])
    expect(await readFile(file)).toEqual(before)
  })

  it('P24: is refused where the store has a later format', async () => {
    await (await openStore(dir)).close()
    const root = open<Buffer, string>({ path: file, noSubdir: true, encoding: 'binary' })
    await rm(join(dir, SEAL_FILE))
    await root.openDB<Buffer, string>('meta', { encoding: 'binary' }).put('format', encodeRecord(3))
    await root.close()
    expect(await codeAndStatus()).toEqual(['format_unsupported', EXIT_REFUSED])
  })

  it('P3: repairs the torn end of a store that was not closed, or refuses it, wherever it was cut', async (test) => {
    const store = await openStore(dir)
    for (let i = 0; i < 40; i++) await store.append([event(i)])
    // What a killed process leaves.
    const whole = await readFile(file)
    const crashed = await newDir()
    const image = join(crashed, 'store.mdb')
    const tally = { whole: 0, truncated: 0, refused: 0 }
    const sizes = new Set<number>([whole.length])
    for (let size = whole.length; size > 0; size -= 4096) sizes.add(size)
    for (let size = whole.length; size > whole.length - 3 * 4096; size -= 64) sizes.add(size)
    for (const size of sizes) {
      await rm(join(crashed, SEAL_FILE), { force: true })
      await writeFile(image, whole)
      await truncate(image, size)
      let tail: keyof typeof tally = 'refused'
      try {
        const opened = await openStore(crashed, { onUnclosed: (found) => { tail = found.tail } })
        expect((await opened.history('u', 100)).entries).toHaveLength(40)
        expect(await opened.append([event(39)])).toEqual(['duplicate'])
        await opened.close()
      } catch (error) {
        expect([size, error]).toMatchObject([size, { code: 'store_corrupt' }])
        tail = 'refused'
      }
      tally[tail]++
    }
    await store.close()
    await rm(crashed, { recursive: true })
    figure(test, `of ${sizes.size} places to cut a store of ${whole.length} bytes: ${JSON.stringify(tally)}`)
    expect(tally.whole).toBeGreaterThan(0)
    expect(tally.refused).toBeGreaterThan(0)
  }, 240_000)

  it('P3: refuses a store that changed since it was closed, by a byte anywhere or by its end', async () => {
    const store = await openStore(dir)
    for (let i = 0; i < 10; i++) await store.append([event(i)])
    await store.close()
    const [whole, seal] = [await readFile(file), await readFile(join(dir, SEAL_FILE))]
    for (let i = 0, at = 0; at < whole.length; at = ++i * 509) {
      const damaged = i % 2 === 0 ? Buffer.from(whole) : whole.subarray(0, at)
      if (i % 2 === 0) damaged[at]! ^= 1 << (i >> 1) % 8
      await writeFile(file, damaged)
      expect([at, ...await codeAndStatus()]).toEqual([at, 'store_corrupt', EXIT_REFUSED])
      expect(await readFile(join(dir, SEAL_FILE))).toEqual(seal)
    }
    await writeFile(file, whole)
    expect(await historyOf(dir)).toHaveLength(10)
  }, 120_000)

  it('is told of a store that was not closed, and of no other', async () => {
    const told: string[] = []
    const open = async () => await openStore(dir, { onUnclosed: ({ tail }) => { told.push(tail) } })
    await (await open()).close()
    await (await open()).close()
    expect(told).toEqual([])
    for (const seal of ['', 'half of a se']) {
      if (seal === '') await rm(join(dir, SEAL_FILE))
      else await writeFile(join(dir, SEAL_FILE), seal)
      await (await open()).close()
    }
    expect(told).toEqual(['whole', 'whole'])
  })

  it('tells a damaged history from an absent one', async () => {
    const store = await openStore(dir)
    await store.append([event(1, 'a-title-to-be-found')])
    await store.close()
    await rm(join(dir, SEAL_FILE))
    const bytes = await readFile(file)
    for (let at = bytes.indexOf('a-title-to-be-found'); at >= 0; at = bytes.indexOf('a-title-to-be-found', at + 1)) {
      bytes[at]! ^= 1
    }
    await writeFile(file, bytes)
    const damaged = await openStore(dir)
    await expect(damaged.history('u', 10)).rejects.toMatchObject({ code: 'store_corrupt' })
    await damaged.close()
  })
})

function event (i: number, itemId = `item-${i}`): StoredEvent {
  return { eventId: `e${i}`, userId: 'u', itemId, type: 'purchase', timestamp: 1_760_000_000_000 + i }
}

async function historyOf (dir: string): Promise<readonly unknown[]> {
  const store = await openStore(dir)
  try {
    return (await store.history('u', 100)).entries
  } finally {
    await store.close()
  }
}
