import { describe, expect, it } from 'vitest'
import type { EngineStatus, RecommendJob } from '../../src/recommend/engine.ts'
import { engineClient, type EngineClientOptions, type EngineWriter } from '../../src/recommend/engine-client.ts'
import type { EngineCall, EngineWorkerData } from '../../src/recommend/engine-protocol.ts'
import type { EngineThreadListeners } from '../../src/recommend/engine-thread.ts'

const status: EngineStatus = {
  provider: 'cpu',
  retrieval: { sport: 'exact' },
  items: { sport: 3 },
  tail: { sport: 0 },
  queueDepth: 0,
  waitMs: 0,
  busyMs: 0,
}
const item = (itemId: string) => ({ itemId, domain: 'sport', embedding: Float32Array.of(1, 2) })
const job = (fields: Partial<RecommendJob> = {}): RecommendJob =>
  ({ domain: 'sport', history: [], k: 1, exclude: [], excludeSeen: true, ...fields })

/** A thread that holds what it is sent until the test answers it, or dies when told. */
function fakeThreads () {
  const sent: EngineCall[][] = []
  const started: EngineWorkerData[] = []
  let listeners: EngineThreadListeners
  let refuse = 0
  let stopped = 0
  let promoted = 0
  return {
    sent,
    started,
    get stopped () { return stopped },
    get promoted () { return promoted },
    refuseStarts (times: number) { refuse = times },
    async startThread (data: EngineWorkerData, given: EngineThreadListeners) {
      started.push(data)
      if (refuse-- > 0) throw new Error('no memory')
      listeners = given
      return {
        dir: '/models/tiny/v1',
        model: { name: 'tiny', version: 'v1' },
        domains: ['sport'],
        opensDomains: true,
        about: { system: 'tiny', generated: false, threads: ['global' as const] },
        embedder: { id: 'hash', width: 2 },
        status,
        post: (calls: readonly EngineCall[]) => { sent.push([...calls]) },
        promote: () => { promoted++ },
        stop: async () => { stopped++ },
      }
    },
    /** Answers the message that was sent last with its calls' kinds. */
    answer () {
      listeners.onAnswers({ kind: 'answers', answers: sent.at(-1)!.map((call) => ({ value: call.kind as never })), status })
    },
    die: (cause: unknown) => listeners.onDeath(cause),
    log: (message: string) => listeners.onLog(message),
  }
}

async function open (options: Partial<EngineClientOptions> = {}) {
  const threads = fakeThreads()
  const engine = await engineClient({
    bundle: '/models/tiny', startThread: threads.startThread, restartDelay: () => 0, ...options,
  })
  return { threads, engine }
}

const settle = async (): Promise<void> => { await new Promise((resolve) => setImmediate(resolve)) }

describe('the engine client', () => {
  it('sends a lone call at once, and all that came meanwhile together', async () => {
    const { engine, threads } = await open()
    const calls = [1, 2, 3, 4].map(async (k) => await engine.recommend(job({ k })))
    expect(threads.sent.map((batch) => batch.length)).toEqual([1])
    expect(engine.status()).toEqual({ ...status, queueDepth: 3, busyMs: expect.any(Number) })
    threads.answer()
    expect(threads.sent.map((batch) => batch.length)).toEqual([1, 3])
    threads.answer()
    expect(await Promise.all(calls)).toEqual(Array(4).fill('recommend'))
    await engine.close()
    expect(threads.stopped).toBe(1)
  })

  it('sends no more than a batch at a time', async () => {
    const told: number[] = []
    const { engine, threads } = await open({ maxBatch: 2, onBatch: (calls) => told.push(calls) })
    const calls = [1, 2, 3, 4].map(async () => await engine.recommend(job()))
    for (let i = 0; i < 3; i++) threads.answer()
    await Promise.all(calls)
    expect(threads.sent.map((batch) => batch.length)).toEqual([1, 2, 1])
    expect(told).toEqual([1, 2, 1])
  })

  it('sends what is to be explained in batches of their own: each takes an encoder run an item of its history', async () => {
    const { engine, threads } = await open({ maxBatch: 8 })
    const history = ['a', 'b', 'c', 'd', 'e']
    const calls = [{}, { explain: true, history }, { history }, {}, { explain: true, history }, { explain: true, history: Array(500).fill('a') }, {}]
      .map(async (fields) => await engine.recommend(job(fields)))
    for (let i = 0; i < 5; i++) threads.answer()
    await Promise.all(calls)
    // 1 · 6 + 1 + 1 · 6 · 51 (of a long history no more are left out) · 1
    expect(threads.sent.map((batch) => batch.length)).toEqual([1, 3, 1, 1, 1])
  })

  it('P9: refuses exactly what its queue has no room for, and keeps the catalogue true all the same', async () => {
    const { engine, threads } = await open({ maxWaiting: 8 })
    const calls = Array.from({ length: 1 + 8 + 5 }, async () => await engine.recommend(job()))
    const put = engine.putItems([item('a')])
    threads.answer()
    threads.answer()
    await put
    const settled = await Promise.allSettled(calls)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(9)
    expect(settled.filter((one) => one.status === 'rejected' && one.reason.code === 'overloaded')).toHaveLength(5)
  })

  it('P11: does not send a call whose deadline passed while it waited', async () => {
    let now = 0
    const dropped: string[] = []
    const { engine, threads } = await open({ now: () => now, onDrop: (reason) => dropped.push(reason) })
    const calls = [10, 20, 30].map(async (deadline) => await engine.recommend(job({ deadline })))
    now = 25
    threads.answer()
    threads.answer()
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: 'fulfilled' }, { status: 'rejected', reason: { code: 'deadline_exceeded' } }, { status: 'fulfilled' },
    ])
    expect(threads.sent.flat().map((call) => call.kind === 'recommend' && call.job.deadline)).toEqual([10, 30])
    expect(dropped).toEqual(['deadline'])
  })

  it('P12: does not send a call whose caller has gone meanwhile', async () => {
    const dropped: string[] = []
    const waited: number[] = []
    let now = 0
    const { engine, threads } = await open({
      now: () => now, onDrop: (reason) => dropped.push(reason), onSent: (ms) => waited.push(ms),
    })
    let gone = false
    const first = engine.recommend(job())
    const calls = Array.from({ length: 50 }, async (_, i) =>
      await engine.recommend(job({ k: i + 1 }), () => gone && i > 0))
    gone = true
    now = 7
    threads.answer()
    threads.answer()
    const settled = await Promise.allSettled([first, ...calls])
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(threads.sent.map((batch) => batch.length)).toEqual([1, 1])
    expect([dropped.length, new Set(dropped), waited]).toEqual([49, new Set(['client_gone']), [0, 7]])
  })

  it('P11: refuses at once what would not be done by its deadline, at the pace of the batches before', async () => {
    let now = 0
    const { engine, threads } = await open({ now: () => now, maxBatch: 1 })
    const first = engine.recommend(job({ deadline: 1 }))
    now = 10
    threads.answer()
    await first
    // Three milliseconds a batch by now: the second of these is foreseen after 6, the third after 9, half as much again
    // for what cannot be foreseen.
    const calls = [0, 1, 2].map(async () => await engine.recommend(job({ deadline: 20 })))
    threads.answer()
    threads.answer()
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: 'fulfilled' }, { status: 'fulfilled' }, { status: 'rejected', reason: { code: 'overloaded' } },
    ])
    // With nothing before it a call always goes: one has to tell that the pace has changed.
    const alone = engine.recommend(job({ deadline: 11 }))
    threads.answer()
    await expect(alone).resolves.toBe('recommend')
  })

  it('gives back the code of a call that failed', async () => {
    const { engine, threads } = await open({
      startThread: async (data, listeners) => ({
        ...await fakeThreads().startThread(data, listeners),
        post: () => listeners.onAnswers({
          kind: 'answers', status, answers: [{ fault: { code: 'unknown_domain', message: 'x', place: { field: 'domain' } } }],
        }),
      }),
    })
    expect(threads.sent).toEqual([])
    await expect(engine.recommend(job())).rejects.toMatchObject({ code: 'unknown_domain', place: { field: 'domain' } })
  })

  it('fails what a dying worker was at, starts the same version again and restores it before it serves', async () => {
    const states: unknown[] = []
    let ready = (): void => {}
    const restored = new Promise<void>((resolve) => { ready = resolve })
    const restores: EngineWriter[] = []
    const { engine, threads } = await open({
      restore: async (writer) => {
        restores.push(writer)
        if (restores.length === 2) await writer.putItems([item('posted')])
      },
      onState: (state, cause) => {
        states.push([state, cause])
        if (state === 'ready') ready()
      },
    })
    const lost = engine.recommend(job())
    const queued = engine.recommend(job())
    const put = engine.putItems([item('late')])
    threads.die('boom')
    await expect(lost).rejects.toMatchObject({ code: 'engine_unavailable' })
    await expect(queued).rejects.toMatchObject({ code: 'engine_unavailable' })
    await expect(engine.recommend(job())).rejects.toMatchObject({ code: 'engine_unavailable' })

    while (threads.sent.length < 2) await settle()
    // The restore is not done: nothing else may be sent.
    expect(threads.sent.at(-1)).toMatchObject([{ kind: 'put', items: [{ itemId: 'posted' }] }])
    threads.answer()
    await restored
    expect(threads.sent.at(-1)).toMatchObject([{ kind: 'put', items: [{ itemId: 'late' }] }])
    threads.answer()
    await put
    expect(threads.started.map(({ bundle }) => bundle)).toEqual(['/models/tiny', '/models/tiny/v1'])
    expect(states).toEqual([['down', 'boom'], ['ready', undefined]])
    const after = engine.recommend(job())
    threads.answer()
    expect(await after).toBe('recommend')
  })

  it('loads gently where another engine answers, and at once when its worker has died', async () => {
    const { engine, threads } = await open({ gently: true, lowered: true })
    engine.promote()
    expect(threads.promoted).toBe(1)
    threads.die('boom')
    while (threads.started.length < 2) await settle()
    expect(threads.started.map(({ gently = false, lowered = false }) => [gently, lowered]))
      .toEqual([[true, true], [false, false]])
    await engine.close()
  })

  it('keeps trying to start a worker, waiting longer each time, and says so', async () => {
    const attempts: number[] = []
    const said: string[] = []
    let ready = (): void => {}
    const back = new Promise<void>((resolve) => { ready = resolve })
    const { engine, threads } = await open({
      restartDelay: (attempt) => { attempts.push(attempt); return 0 },
      log: (message) => said.push(message),
      onState: (state) => { if (state === 'ready') ready() },
    })
    threads.refuseStarts(2)
    threads.die('boom')
    await back
    expect(attempts).toEqual([0, 1, 2])
    expect(said).toHaveLength(2)
    expect(said[0]).toContain('no memory')
    await engine.close()
  })

  it('fails to open, and leaves no thread behind, where it cannot be restored', async () => {
    const threads = fakeThreads()
    await expect(engineClient({
      bundle: '/models/tiny', startThread: threads.startThread, restore: async () => { throw new Error('no') },
    })).rejects.toThrow('no')
    expect(threads.stopped).toBe(1)
  })

  it('lets calls that were asked before closing finish, and refuses later ones', async () => {
    const { engine, threads } = await open()
    const calls = [engine.recommend(job()), engine.recommend(job())]
    const closing = engine.close()
    await expect(engine.recommend(job())).rejects.toMatchObject({ code: 'shutting_down' })
    expect(threads.stopped).toBe(0)
    threads.answer()
    threads.answer()
    await Promise.all(calls)
    await closing
    expect(threads.stopped).toBe(1)
  })

  it('closes while it has no worker', async () => {
    const { engine, threads } = await open({ restartDelay: () => 60_000 })
    threads.die('boom')
    const put = engine.putItems([item('a')])
    await engine.close()
    await expect(put).rejects.toMatchObject({ code: 'shutting_down' })
  })
})
