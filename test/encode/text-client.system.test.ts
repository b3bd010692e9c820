import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { textClient } from '../../src/encode/text-client.ts'
import { localEmbedder } from '../../src/encode/local-embedder.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { embedderContract } from '../llm/embedder.contract.ts'

embedderContract('textClient', textClient)

describe('textClient', () => {
  let client: TextEmbedder
  beforeAll(async () => { client = await textClient({ maxWaiting: 100 }) })
  afterAll(async () => await client.close())
  const many = (count: number, of = 'text'): string[] => Array.from({ length: count }, (_, i) => `${of} ${i}`)

  it('gives the very rows of the embedder it runs elsewhere', async () => {
    const local = await localEmbedder()
    expect([client.id, client.width]).toEqual([local.id, local.width])
    expect(await client.embed(many(5))).toEqual(await local.embed(many(5)))
    await local.close()
  })

  it('leaves its own thread free while the worker computes', async () => {
    let turns = 0
    const turn = setInterval(() => { turns++ }, 1)
    await client.embed(many(60))
    clearInterval(turn)
    expect(turns).toBeGreaterThan(5)
  })

  it('refuses what would wait behind too much, and takes jobs again once that is done', async () => {
    const first = client.embed(many(50, 'first'))
    const second = client.embed(many(100, 'second'))
    await expect(client.embed(['one more'])).rejects.toMatchObject({ code: 'overloaded' })
    await Promise.all([first, second])
    expect(await client.embed(['one more'])).toHaveLength(384)
  })

  it('gives up a job that waits and one that runs, and goes on with the next', async () => {
    const reason = new Error('too late')
    const [running, waiting] = [new AbortController(), new AbortController()]
    const first = client.embed(many(2_000, 'long'), {
      signal: running.signal,
      onProgress: () => {
        waiting.abort(reason)
        running.abort(reason)
      },
    })
    const second = client.embed(many(100, 'never'), { signal: waiting.signal })
    const third = client.embed(['short']).catch((error: unknown) => error)
    await expect(first).rejects.toBe(reason)
    await expect(second).rejects.toBe(reason)
    expect(await third).toMatchObject({ code: 'overloaded' })
    expect(await client.embed(['short'])).toHaveLength(384)
  })

  it('finishes what was asked for before it closes, and refuses what comes later', async () => {
    const closing = await textClient()
    const asked = [closing.embed(many(20)), closing.embed(['b'])]
    const closed = closing.close()
    await expect(closing.embed(['late'])).rejects.toMatchObject({ code: 'shutting_down' })
    expect((await Promise.all(asked)).map((rows) => rows.length)).toEqual([20 * 384, 384])
    await closed
    await closing.close()
  })
})
