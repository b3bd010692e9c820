import { beforeEach, describe, expect, it } from 'vitest'
import { textClient } from '../../src/encode/text-client.ts'
import type { TextRequest } from '../../src/encode/text-protocol.ts'
import type { TextThread, TextThreadListeners } from '../../src/encode/text-thread.ts'
import { IsthmusError } from '../../src/errors.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'

/** Threads that keep what they are sent and answer when told to. */
interface FakeThread extends TextThreadListeners {
  readonly sent: TextRequest[]
  stopped: boolean
}

const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

describe('textClient, whatever its thread does', () => {
  let threads: FakeThread[]
  let refusal: Error | undefined
  let client: TextEmbedder
  const startThread = async (listeners: TextThreadListeners): Promise<TextThread> => {
    if (refusal !== undefined) throw refusal
    const thread: FakeThread = { ...listeners, sent: [], stopped: false }
    threads.push(thread)
    return {
      embedder: 'fake/2',
      width: 2,
      post: (request) => thread.sent.push(request),
      stop: async () => { thread.stopped = true },
    }
  }
  const answer = (thread = threads.at(-1)!): void => {
    const request = thread.sent.findLast(({ kind }) => kind === 'embed') as TextRequest & { kind: 'embed' }
    thread.onReply({ kind: 'rows', id: request.id, rows: new Float32Array(request.texts.length * 2) })
  }

  beforeEach(async () => {
    threads = []
    refusal = undefined
    client = await textClient({ maxWaiting: 3, startThread })
  })

  it('fails with the reason of a thread that cannot load its model', async () => {
    refusal = new IsthmusError('artefact_checksum_mismatch', 'not the published file')
    await expect(textClient({ startThread })).rejects.toBe(refusal)
  })

  it('has one job with the thread at a time, in the order asked', async () => {
    const asked = [client.embed(['a']), client.embed(['b', 'c'])]
    await settle()
    expect(threads[0]!.sent).toMatchObject([{ kind: 'embed', texts: ['a'] }])
    answer()
    await settle()
    expect(threads[0]!.sent).toMatchObject([{ texts: ['a'] }, { texts: ['b', 'c'] }])
    answer()
    expect((await Promise.all(asked)).map((rows) => rows.length)).toEqual([2, 4])
  })

  it('lets so many texts wait and no more', async () => {
    const asked = [client.embed(['running']), client.embed(['1', '2']), client.embed(['3'])]
    await expect(client.embed(['4'])).rejects.toMatchObject({ code: 'overloaded' })
    for (const job of asked) {
      await settle()
      answer()
      await job
    }
  })

  it('fails the job at hand when the thread dies, and starts another for the next', async () => {
    const asked = [client.embed(['poison']), client.embed(['good'])]
    await settle()
    threads[0]!.onDeath(new Error('out of memory'))
    await expect(asked[0]).rejects.toMatchObject({ code: 'embedder_failed' })
    await settle()
    expect(threads[1]!.sent).toMatchObject([{ texts: ['good'] }])
    answer()
    expect(await asked[1]).toHaveLength(2)
  })

  it('starts again after a thread that died while idle, and tells when that fails', async () => {
    threads[0]!.onDeath(undefined)
    refusal = new IsthmusError('artefact_missing', 'gone')
    await expect(client.embed(['a'])).rejects.toBe(refusal)
    refusal = undefined
    const asked = client.embed(['a'])
    await settle()
    answer()
    expect(await asked).toHaveLength(2)
  })

  it('passes on the failure of a job', async () => {
    const asked = client.embed(['a'])
    await settle()
    threads[0]!.onReply({
      kind: 'failed', id: 0, fault: { code: 'embedder_failed', message: 'no direction', place: {} },
    })
    await expect(asked).rejects.toMatchObject({ code: 'embedder_failed', message: 'no direction' })
  })

  it('drops a job whose caller has left: at once where it waits, and by telling the thread where it runs', async () => {
    const [running, waiting] = [new AbortController(), new AbortController()]
    const first = client.embed(['first'], { signal: running.signal })
    const second = client.embed(['second'], { signal: waiting.signal })
    const third = client.embed(['third'])
    await settle()
    waiting.abort(new Error('left'))
    running.abort(new Error('left'))
    await expect(first).rejects.toThrow('left')
    await expect(second).rejects.toThrow('left')
    expect(threads[0]!.sent).toMatchObject([{ texts: ['first'] }, { kind: 'cancel', id: 0 }])
    answer()
    await settle()
    expect(threads[0]!.sent.at(-1)).toMatchObject({ texts: ['third'] })
    answer()
    expect(await third).toHaveLength(2)
  })

  it('stops its thread when it closes, after the jobs asked for', async () => {
    const asked = client.embed(['a'])
    const closed = client.close()
    await settle()
    expect(threads[0]!.stopped).toBe(false)
    answer()
    await asked
    await closed
    expect(threads[0]!.stopped).toBe(true)
    await expect(client.embed(['b'])).rejects.toMatchObject({ code: 'shutting_down' })
  })
})
