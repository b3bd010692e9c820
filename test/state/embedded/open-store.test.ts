import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT_REFUSED, EXIT_TEMPORARY, exitStatus } from '../../../src/errors.ts'
import { encodeRecord } from '../../../src/state/record.ts'
import { openStore } from '../../../src/state/embedded/open-store.ts'
import type { StoredEvent } from '../../../src/state/stores.ts'
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

  it('is refused where the store has a later format', async () => {
    await (await openStore(dir)).close()
    const root = open<Buffer, string>({ path: file, noSubdir: true, encoding: 'binary' })
    await root.openDB<Buffer, string>('meta', { encoding: 'binary' }).put('format', encodeRecord(3))
    await root.close()
    expect(await codeAndStatus()).toEqual(['format_unsupported', EXIT_REFUSED])
  })

  it('is refused, without a signal, where the store was cut anywhere', async () => {
    const store = await openStore(dir)
    for (let i = 0; i < 40; i++) await store.append([event(i)])
    await store.close()
    const whole = await readFile(file)
    for (let size = whole.length - 4096; size > 0; size -= 4096) {
      await writeFile(file, whole)
      await truncate(file, size)
      const [code] = await codeAndStatus()
      // Pages that lmdb had freed may be lost without harm.
      if (code === 'opened') expect(await historyOf(dir)).toHaveLength(40)
      else expect(code).toBe('store_corrupt')
    }
    await writeFile(file, whole)
    expect(await historyOf(dir)).toHaveLength(40)
  })

  it('tells a damaged history from an absent one', async () => {
    const store = await openStore(dir)
    await store.append([event(1, 'a-title-to-be-found')])
    await store.close()
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
