import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openLedger, readLedger, totalOf, totalsBy } from '../../src/llm/ledger.ts'
import type { Payment } from '../../src/llm/ledger.ts'

const folder = await mkdtemp(join(tmpdir(), 'isthmus-ledger-'))
afterAll(async () => await rm(folder, { recursive: true }))

const payment = (step: string, usd?: number, user?: string): Payment => ({
  at: '2026-01-31T12:00:00.000Z', step, model: 'm', batch: false, input: 10, output: 1, ...(usd !== undefined && { usd }), ...(user && { user }),
})

describe('the ledger', () => {
  it('adds up what several processes have booked, the dearest first', async () => {
    const ledgers = [openLedger(folder), openLedger(folder)]
    await Promise.all([
      ledgers[0]!.book(payment('profile', 1, 'u1')), ledgers[0]!.book(payment('profile', 2, 'u2')),
      ledgers[1]!.book(payment('embed', 5)), ledgers[1]!.book(payment('embed')),
    ])
    await Promise.all(ledgers.map(async (ledger) => await ledger.close()))
    const payments = await readLedger(folder)
    expect(totalOf(payments)).toEqual({ calls: 4, input: 40, output: 4, usd: 8, unpriced: 1 })
    expect([...totalsBy(payments, 'user')].map(([user, { usd }]) => [user, usd])).toEqual([['(shared)', 5], ['u2', 2], ['u1', 1]])
  })

  it('leaves out a line that a crash cut short', async () => {
    const [name = ''] = await readdir(folder)
    await appendFile(join(folder, name), '{"at":"2026-01-31T12:0')
    expect(await readLedger(folder)).toHaveLength(4)
  })

  it('is empty where nothing was paid', async () => {
    expect(await readLedger(join(folder, 'absent'))).toEqual([])
    await openLedger(join(folder, 'absent')).close()
    expect(await readLedger(join(folder, 'absent'))).toEqual([])
  })
})
