import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ledgerFolder } from '../../src/llm/account.ts'
import type { Account } from '../../src/llm/account.ts'
import type { ChatAnswer, ChatModel, ChatTask } from '../../src/llm/chat-model.ts'
import { readLedger, totalOf, totalsBy } from '../../src/llm/ledger.ts'
import { openaiChat } from '../../src/llm/openai-chat.ts'
import type { OpenaiChatOptions } from '../../src/llm/openai-chat.ts'
import { liveAsker, remoteChat } from '../../src/llm/remote-chat.ts'
import { accountIn, tasksOn } from './chat-fixtures.ts'
import { chatModelContract } from './chat-model.contract.ts'
import { chatAnswer, fakeOpenai, json, noteOn, raw } from './fake-openai.ts'
import type { Answer, FakeOpenai } from './fake-openai.ts'

const KEY = 'sk-canary-0123456789'
const folder = await mkdtemp(join(tmpdir(), 'isthmus-chat-'))
let server: FakeOpenai
let waits: number[] = []
let dir = ''
let account: Account
let runs = 0
beforeAll(async () => { server = await fakeOpenai(4) })
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  server.asked.length = 0
  server.answers.length = 0
  waits = []
  dir = join(folder, `cache-${++runs}`)
  account = accountIn(dir)
})

const open = async (options: Partial<OpenaiChatOptions> & { atOnce?: number } = {}): Promise<ChatModel> => {
  const { atOnce = 1, ...rest } = options
  const endpoint = openaiChat({
    model: 'ours',
    temperature: 0.5,
    topP: 1,
    baseUrl: server.baseUrl,
    apiKey: KEY,
    sleep: async (ms) => { waits.push(ms) },
    ...rest,
  })
  return await remoteChat({ endpoint, dir, ask: liveAsker(endpoint, account, atOnce) })
}
const complete = async (tasks: readonly ChatTask[], options?: Parameters<typeof open>[0]): Promise<ChatAnswer[]> => {
  const chat = await open(options)
  return await chat.complete(tasks).finally(async () => await chat.close())
}
const wanted = (count: number, from = 0): unknown[] => server.asked.slice(from, from + count)
  .map(({ body }) => ({ value: JSON.parse(noteOn(body.messages!)) as unknown }))

const contractServer = await fakeOpenai(4)
afterAll(async () => await contractServer.close())
chatModelContract('remoteChat', async () => {
  dir = join(folder, 'contract')
  account = accountIn(dir)
  return await open({ baseUrl: contractServer.baseUrl })
})

describe('remoteChat over an OpenAI-compatible endpoint', () => {
  it('asks with model, messages, parameters, schema and key', async () => {
    const answers = await complete(tasksOn(1))
    expect(answers).toEqual(wanted(1))
    expect(server.asked[0]).toMatchObject({
      url: '/v1/chat/completions',
      headers: { authorization: `Bearer ${KEY}` },
      body: {
        model: 'ours',
        temperature: 0.5,
        top_p: 1,
        max_tokens: 400,
        messages: [{ role: 'system' }, { role: 'user', content: expect.stringContaining('["product 0"]') as string }],
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'profile-part-1',
            strict: true,
            schema: { type: 'object', required: ['note'], additionalProperties: false },
          },
        },
      },
    })
  })

  it('pays for each question once, in this process and in the next, whoever asks', async () => {
    const tasks = tasksOn(5)
    const answers = await complete([...tasks, ...tasks])
    expect(server.asked).toHaveLength(5)
    expect(answers.slice(5)).toEqual(answers.slice(0, 5))
    expect(await complete(tasks.map((task) => ({ ...task, user: 'other', step: 'other' })))).toEqual(answers.slice(0, 5))
    expect(server.asked).toHaveLength(5)
  })

  it('keeps models, parameters and endpoints apart', async () => {
    await complete(tasksOn(1))
    await complete(tasksOn(1), { model: 'another' })
    await complete(tasksOn(1), { temperature: 0 })
    await complete(tasksOn(1), { baseUrl: `${server.baseUrl}/` })
    expect(server.asked).toHaveLength(4)
  })

  it('goes on after a run that broke off, with what was answered until then', async () => {
    const tasks = tasksOn(10)
    const stop = new AbortController()
    const chat = await open()
    const stopped = chat.complete(tasks, {
      signal: stop.signal, onProgress: (done) => { if (done === 6) stop.abort(new Error('stop')) },
    })
    await expect(stopped).rejects.toThrow('stop')
    await chat.close()
    expect(server.asked).toHaveLength(6)
    const answers = await complete(tasks)
    expect([answers, server.asked.length]).toEqual([wanted(10), 10])
  })

  it('has at most so many calls under way, and keeps those when one of them fails', async () => {
    let under = 0
    let most = 0
    const ends: Array<() => void> = []
    const slow: Answer = (response, asked) => {
      most = Math.max(most, ++under)
      ends.push(() => {
        under--
        json(200, chatAnswer(noteOn(asked.body.messages!)))(response, asked)
      })
      if (ends.length >= 3) ends.shift()!()
    }
    const failing: Answer = (response, asked) => {
      json(401, {})(response, asked)
      for (const end of ends) end()
    }
    server.answers.push(slow, slow, slow, slow, failing)
    await expect(complete(tasksOn(20), { atOnce: 3 })).rejects.toMatchObject({ code: 'chat_failed' })
    expect(most).toBe(3)
    const before = server.asked.length
    await complete(tasksOn(20))
    expect(server.asked.length - before).toBe(20 - (before - 1))
  })

  it.each<[string, Answer]>([
    ['429', json(429, {}, { 'retry-after': '3' })],
    ['500', json(500, {})],
    ['a connection that breaks', (response) => response.destroy()],
    ['a body that is no JSON', raw(200, '{"choices":[', { 'content-type': 'application/json' })],
    ['a page', raw(200, '<html>maintenance</html>', { 'content-type': 'text/html' })],
    ['no message', json(200, { choices: [] })],
  ])('loses nothing by %s', async (_, answer) => {
    server.answers.push(answer, answer)
    const answers = await complete(tasksOn(2))
    expect([answers, server.asked.length, waits.length]).toEqual([wanted(2, 2), 4, 2])
  })

  it('waits as long as the endpoint asks', async () => {
    server.answers.push(json(429, {}, { 'retry-after': '7' }))
    await complete(tasksOn(1))
    expect(waits).toEqual([7_000])
  })

  it.each([
    ['no JSON', 'I like coffee.'], ['another form', '{"text":"I like coffee."}'], ['more than was asked for', '{"note":"a","rank":1}'],
    ['an empty note', '{"note":""}'],
  ])('asks once more after %s, and then never again', async (_, content) => {
    server.answers.push(json(200, chatAnswer(content)))
    expect(await complete(tasksOn(1))).toEqual(wanted(1, 1))
    expect(server.asked).toHaveLength(2)

    server.answers.push(json(200, chatAnswer(content)), json(200, chatAnswer(content)))
    const other = tasksOn(2).slice(1)
    expect(await complete(other)).toEqual([{ problem: 'unusable' }])
    expect(await complete(other)).toEqual([{ problem: 'unusable' }])
    expect(server.asked).toHaveLength(4)
  })

  it('takes JSON out of a block of code', async () => {
    server.answers.push(json(200, chatAnswer('```json\n{"note":"coffee"}\n```')))
    expect(await complete(tasksOn(1))).toEqual([{ value: { note: 'coffee' } }])
  })

  it.each<[string, Answer]>([
    ['the model', json(200, chatAnswer(null, 'stop', { refusal: 'no' }))],
    ['a filter of the answer', json(200, chatAnswer('', 'content_filter'))],
    ['a filter of the question', json(400, { error: { code: 'content_filter', message: 'no' } })],
  ])('goes on without an answer that %s declined, and does not ask again', async (_, answer) => {
    server.answers.push(answer)
    expect(await complete(tasksOn(2))).toEqual([{ problem: 'refused' }, ...wanted(1, 1)])
    await complete(tasksOn(2))
    expect(server.asked).toHaveLength(2)
  })

  it('does without schemas where the endpoint takes none', async () => {
    server.answers.push(json(400, { error: { message: 'response_format is not supported' } }))
    expect(await complete(tasksOn(3))).toEqual(wanted(3, 1))
    expect(server.asked.map(({ body }) => 'response_format' in body)).toEqual([true, false, false, false])
  })

  it.each([401, 403, 404])('ends with a code after status %i', async (status) => {
    server.answers.push(json(status, {}))
    await expect(complete(tasksOn(1))).rejects.toMatchObject({ code: 'chat_failed', message: expect.stringContaining(`${status}`) as string })
  })

  it('ends with a code after status 400 to whatever it sends', async () => {
    server.answers.push(json(400, {}), json(400, {}))
    await expect(complete(tasksOn(1))).rejects.toMatchObject({ code: 'chat_failed' })
  })

  it('shows neither key nor text in an error, whatever the endpoint repeats', async () => {
    const echo = { error: { message: `wrong key ${KEY} for "product 0"`, code: KEY } }
    const errors: unknown[] = []
    for (const answer of [json(401, echo), json(500, echo), raw(200, `${KEY} product 0`, {})]) {
      server.answers.push(answer)
      await complete(tasksOn(1), { retries: 0 }).catch((error: unknown) => errors.push(error))
    }
    expect(errors).toHaveLength(3)
    const shown = inspect(errors, { depth: 20, showHidden: true })
    expect(shown).not.toContain(KEY)
    expect(shown).not.toContain('product 0')
  })
})

describe('the account', () => {
  it('books every answer with its step, model, user and price', async () => {
    await complete(tasksOn(3).map((task, i) => ({ ...task, step: i === 0 ? 'first' : 'second', user: 'u' })))
    await account.close()
    const payments = await readLedger(ledgerFolder(dir))
    expect(payments).toHaveLength(3)
    expect(payments[0]).toMatchObject({ step: 'first', model: 'ours', user: 'u', batch: false, input: 100, output: 10, usd: 120 })
    expect([...totalsBy(payments, 'step')].map(([step, { calls, usd }]) => [step, calls, usd])).toEqual([['second', 2, 240], ['first', 1, 120]])
    expect(totalOf(payments)).toEqual({ calls: 3, input: 300, output: 30, usd: 360, unpriced: 0 })
    expect(account.spentUsd).toBe(360)
  })

  it('makes no call that could pass the budget, keeps what was answered, and goes on with more', async () => {
    // A call comes to 120 dollars, and could come to some 1,500.
    account = accountIn(dir, 2_100)
    await expect(complete(tasksOn(20), { atOnce: 4 })).rejects.toMatchObject({ code: 'budget_exhausted' })
    const made = server.asked.length
    expect(account.spentUsd).toBe(120 * made)
    expect(made).toBeGreaterThan(2)
    expect(made).toBeLessThan(9)
    account = accountIn(dir)
    await complete(tasksOn(20))
    expect(server.asked).toHaveLength(20)
  })

  it('makes no first call where that is too dear already', async () => {
    account = accountIn(dir, 100)
    await expect(complete(tasksOn(1))).rejects.toMatchObject({ code: 'budget_exhausted' })
    expect(server.asked).toEqual([])
  })

  it('has no budget for a model without a price', async () => {
    account = accountIn(dir, 100)
    await expect(complete(tasksOn(1), { model: 'another' })).rejects.toMatchObject({ code: 'config_invalid', place: { field: 'maxUsd' } })
    account = accountIn(dir)
    await complete(tasksOn(1), { model: 'another' })
    await account.close()
    expect(totalOf(await readLedger(ledgerFolder(dir)))).toMatchObject({ calls: 1, usd: 0, unpriced: 1 })
  })
})
