import { describe, expect, it } from 'vitest'
import { IsthmusError } from '../../../src/errors.ts'
import { createWriter, type WriterDeps } from '../../../src/state/embedded/writer.ts'

/** A disk that finishes a transaction when it is told to. */
function manualDisk (more: Partial<WriterDeps> = {}): WriterDeps & { groups: number, finish: (error?: Error) => void } {
  let settle: ((error?: Error) => void) | undefined
  return {
    groups: 0,
    reserve: () => {},
    async transact (work) {
      this.groups += 1
      work()
      await new Promise<void>((resolve, reject) => {
        settle = (error) => error === undefined ? resolve() : reject(error)
      })
    },
    finish (error) { settle?.(error) },
    ...more,
  }
}

const turn = async (): Promise<void> => { await new Promise((resolve) => setImmediate(resolve)) }

describe('the writer', () => {
  it('resolves a write when its transaction is on the disk, not before', async () => {
    const disk = manualDisk()
    const writer = createWriter({ ...disk, transact: async (work) => await disk.transact(work) })
    let done = false
    const write = writer.write(() => 'result', 1).finally(() => { done = true })
    await turn()
    expect([disk.groups, done]).toEqual([1, false])
    disk.finish()
    expect(await write).toBe('result')
  })

  it('puts all that arrives during a transaction into the next one, in order', async () => {
    const disk = manualDisk()
    const writer = createWriter({ ...disk, transact: async (work) => await disk.transact(work) })
    const order: number[] = []
    const first = writer.write(() => order.push(-1), 1)
    await turn()
    const writes = Array.from({ length: 20 }, async (_, i) => await writer.write(() => order.push(i), 1))
    await turn()
    disk.finish()
    await turn()
    disk.finish()
    await Promise.all([first, ...writes])
    expect(disk.groups).toBe(2)
    expect(order).toEqual(Array.from({ length: 21 }, (_, i) => i - 1))
  })

  it('rejects a write alone for what it decides, and its whole group for what the disk does', async () => {
    const disk = manualDisk()
    const writer = createWriter({ ...disk, transact: async (work) => await disk.transact(work) })
    const first = writer.write(() => { throw new IsthmusError('item_in_two_domains', 'no') }, 1)
    const refused = expect(first).rejects.toMatchObject({ code: 'item_in_two_domains' })
    await turn()
    const group = [writer.write(() => 1, 1), writer.write(() => 2, 1)]
    disk.finish()
    await refused
    await turn()
    disk.finish(new IsthmusError('store_full', 'full'))
    for (const write of group) await expect(write).rejects.toMatchObject({ code: 'store_full' })
    const last = writer.write(() => 3, 1)
    await turn()
    disk.finish()
    expect(await last).toBe(3)
  })

  it('gives up waiting for a disk that stalls, and never runs what was still waiting', async () => {
    const disk = manualDisk({ timeoutMs: 1 })
    const writer = createWriter({ ...disk, transact: async (work) => await disk.transact(work) })
    const ran: string[] = []
    const stalled = writer.write(() => ran.push('stalled'), 1)
    await Promise.resolve()
    const waiting = writer.write(() => ran.push('waiting'), 1)
    await expect(stalled).rejects.toMatchObject({ code: 'store_timeout' })
    await expect(waiting).rejects.toMatchObject({ code: 'store_timeout' })
    disk.finish()
    await writer.close()
    expect(ran).toEqual(['stalled'])
  })

  it('refuses what would make the queue too long, and takes more when there is room', async () => {
    const disk = manualDisk()
    const writer = createWriter({ ...disk, transact: async (work) => await disk.transact(work) })
    const running = writer.write(() => 0, 1)
    await turn()
    const full = writer.write(() => 1, 8 << 20)
    await expect(writer.write(() => 2, 1)).rejects.toMatchObject({ code: 'store_overloaded' })
    await turn()
    disk.finish()
    await running
    await turn()
    const next = writer.write(() => 3, 1)
    disk.finish()
    expect(await full).toBe(1)
    await turn()
    disk.finish()
    expect(await next).toBe(3)
  })

  it('asks for room on the disk before it writes', async () => {
    let room = 10
    const writer = createWriter({
      transact: async (work) => { work() },
      reserve: (bytes) => { if (bytes > room) throw new IsthmusError('store_full', 'full') },
    })
    await expect(writer.write(() => 1, 11)).rejects.toMatchObject({ code: 'store_full' })
    room = 11
    expect(await writer.write(() => 1, 11)).toBe(1)
  })
})
