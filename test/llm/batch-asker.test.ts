import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { ledgerFolder } from '../../src/llm/account.ts'
import type { Account } from '../../src/llm/account.ts'
import { batchAsker } from '../../src/llm/batch-asker.ts'
import type { BatchOptions } from '../../src/llm/batch-asker.ts'
import type { ChatModel } from '../../src/llm/chat-model.ts'
import { readLedger, totalOf, totalsBy } from '../../src/llm/ledger.ts'
import { requestBody } from '../../src/llm/openai-chat.ts'
import { openaiClient } from '../../src/llm/openai-client.ts'
import { remoteChat } from '../../src/llm/remote-chat.ts'
import { accountIn, tasksOn } from './chat-fixtures.ts'
import { fakeBatches } from './fake-batches.ts'
import type { FakeBatches } from './fake-batches.ts'
import { chatAnswer, noteOn } from './fake-openai.ts'

const folder = await mkdtemp(join(tmpdir(), 'isthmus-batch-'))
const servers: FakeBatches[] = []
afterAll(async () => {
  for (const server of servers) await server.close()
  await rm(folder, { recursive: true })
})

const PARAMETERS = { model: 'ours', temperature: 0.5, topP: 1 }

describe('the Batch API', () => {
  let server: FakeBatches
  let dir = ''
  let account: Account
  let said: string[] = []
  beforeEach(async () => {
    server = await fakeBatches()
    servers.push(server)
    dir = join(folder, `cache-${servers.length}`)
    account = accountIn(dir)
    said = []
  })

  const states = async (): Promise<string[]> => await readdir(join(dir, 'batches'))
  /** `onWait` is called at each look that finds nothing. */
  const open = async (onWait: () => void, options: Partial<BatchOptions> = {}): Promise<ChatModel> => await remoteChat({
    endpoint: { id: 'openai/ours', scope: [] },
    dir,
    ask: batchAsker({
      client: openaiClient({
        baseUrl: server.baseUrl, apiKey: 'none', timeoutMs: 30_000, maxBytes: 1e8, tooLarge: 'chat_bad_response',
      }),
      model: 'ours',
      bodyOf: ({ template, task }) => requestBody(PARAMETERS, template, template.fill(task.values), true),
      dir: join(dir, 'batches'),
      account,
      say: (line) => said.push(line),
      sleep: async () => onWait(),
      ...options,
    }),
  })
  const finishAll = (): void => { for (const batch of server.batches) if (batch.status === 'in_progress') server.finish(batch) }
  const wanted = (): unknown[] => server.batches.at(-1)!.lines.map(({ body }) =>
    ({ value: JSON.parse(noteOn(body.messages)) as unknown }))

  it('asks all in one file, waits, and puts each answer where its key says, at half the price', async () => {
    let looks = 0
    const chat = await open(() => { if (++looks === 3) finishAll() })
    const answers = await chat.complete(tasksOn(7))
    expect(answers).toEqual(wanted())
    expect(server.batches.map(({ lines }) => lines.length)).toEqual([7])
    expect(server.batches[0]!.lines[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions', body: { model: 'ours', max_tokens: 400 } })
    expect(await states()).toEqual([])
    expect(await chat.complete(tasksOn(7))).toEqual(answers)
    expect(server.batches).toHaveLength(1)
    await account.close()
    const payments = await readLedger(ledgerFolder(dir))
    expect(totalOf(payments)).toMatchObject({ calls: 7, usd: 7 * 60 })
    expect([...totalsBy(payments, 'user').keys()].sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6'])
  })

  it('is left and collected by another process, which submits nothing again', async () => {
    const stop = new AbortController()
    const first = await open(() => stop.abort(new Error('leaving')))
    await expect(first.complete(tasksOn(4), { signal: stop.signal })).rejects.toThrow('leaving')
    expect(await states()).toHaveLength(1)
    finishAll()
    // The later process asks for more: only that is new.
    const later = await open(finishAll)
    const answers = await later.complete(tasksOn(6))
    expect(answers.slice(0, 4)).toEqual(wanted())
    expect(server.batches.map(({ lines }) => lines.length)).toEqual([2, 4])
    expect(said.some((line) => line.includes('submitted before'))).toBe(true)
  })

  it('makes one batch where the answer to its making gets lost', async () => {
    let cuts = 0
    server.onCreate = () => ++cuts === 1
    const chat = await open(finishAll)
    expect(await chat.complete(tasksOn(4))).toEqual(wanted())
    expect(server.batches).toHaveLength(1)
  })

  it('finds a batch by its mark where the process ended before it knew the number', async () => {
    const stop = new AbortController()
    server.onCreate = () => {
      stop.abort(new Error('killed'))
      return true
    }
    const first = await open(() => {})
    await expect(first.complete(tasksOn(4), { signal: stop.signal })).rejects.toThrow('killed')
    expect(await states()).toHaveLength(1)
    server.onCreate = () => false
    const later = await open(finishAll)
    expect(await later.complete(tasksOn(4))).toEqual(wanted())
    expect(server.batches).toHaveLength(1)
  })

  it('submits anew what was written down and never arrived', async () => {
    const folder = join(dir, 'batches')
    await mkdir(folder, { recursive: true })
    const requests = tasksOn(4).map((_, i) => ({ key: `key ${i}`, step: 'test' }))
    await writeFile(join(folder, 'lost.json'), JSON.stringify({ mark: 'lost', requests }))
    const chat = await open(finishAll)
    expect(await chat.complete(tasksOn(4))).toEqual(wanted())
    expect(await states()).toEqual([])
  })

  it('keeps what an expired batch had answered, and asks for the rest the next time', async () => {
    let count = 0
    const expire = (): void => server.finish(server.batches[0]!, 'expired', ({ body }) =>
      count++ < 3 ? { status: 200, body: chatAnswer(noteOn(body.messages)) } : undefined)
    const first = await open(expire)
    await expect(first.complete(tasksOn(5))).rejects.toMatchObject({ code: 'chat_failed', message: expect.stringContaining('2 of 5') as string })
    const later = await open(finishAll)
    await later.complete(tasksOn(5))
    expect(server.batches.map(({ lines }) => lines.length)).toEqual([2, 5])
  })

  it('asks once more, in a further batch, where an answer has another form', async () => {
    const chat = await open(() => {
      const [batch] = server.batches
      if (server.batches.length > 1) return finishAll()
      server.finish(batch!, 'completed', ({ custom_id: id, body }) => ({
        status: 200, body: chatAnswer(id === batch!.lines[1]!.custom_id ? 'no JSON' : noteOn(body.messages)),
      }))
    })
    const answers = await chat.complete(tasksOn(3))
    expect(answers.every(({ problem }) => problem === undefined)).toBe(true)
    expect(server.batches.map(({ lines }) => lines.length)).toEqual([1, 3])
  })

  it('goes on without a line that was declined, and asks again for one that failed', async () => {
    const chat = await open(() => {
      if (server.batches.length > 1) return finishAll()
      server.finish(server.batches[0]!, 'completed', ({ custom_id: id, body }) => {
        const at = server.batches[0]!.lines.findIndex(({ custom_id: other }) => other === id)
        if (at === 0) return { status: 400, body: { error: { code: 'content_filter' } } }
        return at === 1 ? { status: 500, body: {} } : { status: 200, body: chatAnswer(noteOn(body.messages)) }
      })
    })
    await expect(chat.complete(tasksOn(3))).rejects.toMatchObject({ code: 'chat_failed', message: expect.stringContaining('1 of 3') as string })
    const [declined] = await chat.complete(tasksOn(3))
    expect(declined).toEqual({ problem: 'refused' })
    expect(server.batches[0]!.lines).toHaveLength(1)
  })

  it('ends with the endpoint\'s code, and not its message, where a batch is not accepted', async () => {
    const chat = await open(() => server.finish(server.batches[0]!, 'failed', () => undefined))
    const failed = chat.complete(tasksOn(2))
    await expect(failed).rejects.toMatchObject({ code: 'chat_failed', message: expect.stringContaining('token_limit_exceeded') as string })
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('secret') as string })
    expect(await states()).toEqual([])
  })

  it('splits what is too much for one batch', async () => {
    const chat = await open(finishAll, { mostRequests: 3 })
    await chat.complete(tasksOn(8))
    expect(server.batches.map(({ lines }) => lines.length)).toEqual([2, 3, 3])
  })

  it('submits no more at a time than the budget could pay for, and stops before it is passed', async () => {
    // A request comes to 60 dollars, and could come to some 750.
    account = accountIn(dir, 2_000)
    const chat = await open(finishAll)
    await expect(chat.complete(tasksOn(40))).rejects.toMatchObject({ code: 'budget_exhausted' })
    const asked = server.batches.reduce((sum, { lines }) => sum + lines.length, 0)
    expect(account.spentUsd).toBe(60 * asked)
    expect(asked).toBeGreaterThan(10)
    account = accountIn(dir)
    const later = await open(finishAll)
    await later.complete(tasksOn(40))
    expect(server.batches.reduce((sum, { lines }) => sum + lines.length, 0)).toBe(40)
  })
})
