import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChatModel, ChatTask } from '../../src/llm/chat-model.ts'
import { INJECTIONS } from './injections.ts'

const products = [['Trail running shoes', 'Running socks'], ['Curry paste'], ['Trail running shoes', 'Running socks'], [...INJECTIONS]]

/** What every ChatModel keeps to, whatever it is made of. */
export function chatModelContract (name: string, open: () => Promise<ChatModel>): void {
  describe(`${name} as a chat model`, () => {
    let chat: ChatModel
    beforeAll(async () => { chat = await open() })
    afterAll(async () => await chat.close())
    const tasks = products.map((products, i): ChatTask =>
      ({ template: 'profile-part/1', values: { products }, step: 'test', user: `u${i}` }))

    it('answers every task in the form of its template', async () => {
      const answers = await chat.complete(tasks)
      expect(answers).toHaveLength(tasks.length)
      for (const { value } of answers) expect(value).toEqual({ note: expect.any(String) as string })
    })

    it('gives an answer by template and values alone: whoever asks, in whatever company and order', async () => {
      const together = await chat.complete(tasks)
      expect(together[2]).toEqual(together[0])
      expect(together[1]).not.toEqual(together[0])
      expect((await chat.complete([...tasks].reverse())).reverse()).toEqual(together)
      expect(await chat.complete([{ ...tasks[1]!, user: 'other', step: 'other' }])).toEqual([together[1]])
    })

    it('answers no task with no answer', async () => {
      expect(await chat.complete([])).toEqual([])
    })

    it('counts up to the number of tasks', async () => {
      const counts: number[] = []
      await chat.complete(tasks, { onProgress: (done) => counts.push(done) })
      expect(counts.at(-1)).toBe(tasks.length)
      expect(counts).toEqual([...counts].sort((a, b) => a - b))
    })

    it('refuses a template that it does not know', async () => {
      await expect(chat.complete([{ template: 'nothing/1', values: {}, step: 'test' }]))
        .rejects.toMatchObject({ code: 'config_invalid' })
    })

    it('rejects with the reason of an aborted signal', async () => {
      const reason = new Error('the caller has left')
      await expect(chat.complete(tasks, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    })
  })
}
