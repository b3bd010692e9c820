import { describe, expect, it } from 'vitest'
import { textPool } from '../../src/encode/text-pool.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { embedderContract } from '../llm/embedder.contract.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'

embedderContract('textPool', async () => await textPool({ workers: 3, open: async () => hashEmbedder() }))

/** Answers when told, and says what it was asked. */
function held (asked: string[], name: string): TextEmbedder & { readonly answer: () => void } {
  const inner = hashEmbedder()
  let answer = (): void => {}
  const told = new Promise<void>((resolve) => { answer = resolve })
  return {
    ...inner,
    answer,
    async embed (texts) {
      asked.push(...texts.map((text) => `${name} ${text}`))
      await told
      return await inner.embed(texts)
    },
    close: async () => { asked.push(`${name} closed`) },
  }
}

describe('textPool', () => {
  it('gives a call to the worker with the fewest texts before it', async () => {
    const asked: string[] = []
    const workers = [held(asked, 'first'), held(asked, 'second')]
    const unopened = [...workers]
    const pool = await textPool({ workers: 2, open: async () => unopened.shift()! })
    const calls = [pool.embed(['a', 'b']), pool.embed(['c']), pool.embed(['d'])]
    expect(asked).toEqual(['first a', 'first b', 'second c', 'second d'])
    for (const worker of workers) worker.answer()
    await Promise.all(calls)
    await pool.close()
    expect(asked.slice(-2)).toEqual(['first closed', 'second closed'])
  })

  it('closes the workers that opened where one cannot', async () => {
    const asked: string[] = []
    const reason = new Error('no memory')
    let opened = 0
    const open = async (): Promise<TextEmbedder> => {
      if (opened++ === 1) throw reason
      return held(asked, 'first')
    }
    await expect(textPool({ workers: 2, open })).rejects.toBe(reason)
    expect(asked).toEqual(['first closed'])
  })
})
