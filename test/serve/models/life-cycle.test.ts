import { appendFile, readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ModelsService, openModelsService } from './service.ts'

const HISTORY = [{ itemId: 'sport-0000' }, { itemId: 'cloth-0001' }]

let service: ModelsService
const start = async (...options: Parameters<typeof openModelsService>): Promise<void> => {
  await service?.close()
  service = await openModelsService(...options)
}
beforeEach(async () => { service = await openModelsService() })
afterEach(async () => { await service.close() })

const version = (i: number): string => service.versions[i]!.manifest.version
const ask = async (body: object = { history: HISTORY }) =>
  (await service.post('/recommend?domain=sport', body)).json<{
    model: { version: string, variant?: string }, items: Array<{ itemId: string }>
  }>()
const ids = async (): Promise<string[]> => (await ask({ history: HISTORY, k: 100 })).items.map(({ itemId }) => itemId)
const activate = async (body: object) => {
  const response = await service.post('/models/activate', body)
  const { code, errors } = response.json<{ code?: string, errors?: unknown[] }>()
  return { status: response.statusCode, ...(code === undefined ? {} : { code, errors }) }
}
const pointer = async (name: string): Promise<string> => await readFile(join(service.root, name), 'utf8')
const reloads = async (): Promise<string[]> =>
  (await service.get('/metrics')).body.split('\n').filter((line) => line.startsWith('isthmus_reload_total{'))

describe('the models of a service', () => {
  it('are listed with what they are, the newest first', async () => {
    const { versions, serving, ...rest } = (await service.get('/models')).json()
    expect(rest).toEqual({ name: 'tiny', fixed: false })
    expect(serving).toEqual([{ version: version(0), weight: 1 }])
    expect(versions).toMatchObject([
      { version: version(1), state: 'available', system: 'tiny', preset: 'test', embedder: 'hash/384', encoders: 'float32' },
      { version: version(0), state: 'serving' },
    ])
  })

  it('change by one call, which is written down, and go back by another', async () => {
    const before = await ask()
    expect(before.model).toEqual({ name: 'tiny', version: version(0) })
    expect(await activate({ version: version(1) })).toEqual({ status: 200 })
    const after = await ask()
    expect(after.model.version).toBe(version(1))
    expect(after.items).not.toEqual(before.items)
    expect([await pointer('CURRENT'), await pointer('PREVIOUS')]).toEqual([`${version(1)}\n`, `${version(0)}\n`])

    const back = await service.post('/models/rollback')
    expect(back.statusCode).toBe(200)
    expect(back.json()).toMatchObject({ serving: [{ version: version(0) }], previous: version(1) })
    expect((await ask()).items).toEqual(before.items)
    expect(await reloads()).toEqual(['isthmus_reload_total{result="ok",reason="none"} 2'])
  })

  it('may take as long to change as loading takes: the connection is not taken for an idle one', async () => {
    const address = await service.server.listen({ port: 0, host: '127.0.0.1' })
    let socket: Socket | undefined
    service.server.server.on('connection', (opened: Socket) => { socket = opened })
    await fetch(`${address}/health`)
    const idleMs = socket!.timeout
    let loadingMs: number | undefined
    service.whileLoading(async () => { loadingMs = socket!.timeout })
    const body = JSON.stringify({ version: version(1) })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${address}/models/activate`, { method: 'POST', headers, body })).status).toBe(200)
    expect(loadingMs).toBe(600_000)
    await fetch(`${address}/health`)
    expect(socket!.timeout).toBe(idleMs)
  })

  it('do not go back in time by accident', async () => {
    await activate({ version: version(1) })
    expect(await activate({ version: version(0) })).toEqual({
      status: 409, code: 'older_version', errors: [{ pointer: '/version', rule: 'older_version' }],
    })
    expect(await activate({ version: version(0), allowOlder: true })).toEqual({ status: 200 })
  })

  it('stay as they are where a version is not there', async () => {
    expect(await activate({ version: '20990101T000000Z-00000000' })).toMatchObject({ status: 404, code: 'not_found' })
    expect(await activate({ version: '../other' })).toMatchObject({ status: 400, code: 'validation_failed' })
    expect((await ask()).model.version).toBe(version(0))
  })

  it('stay as they are where a version is broken, which is told once and shown', async () => {
    await appendFile(join(service.versions[1]!.dir, 'vectors-sport.f32'), 'x')
    expect(await activate({ version: version(1) })).toEqual({
      status: 422, code: 'bundle_refused', errors: [{ pointer: '/version', rule: 'artefact_checksum_mismatch' }],
    })
    expect((await ask()).model.version).toBe(version(0))
    expect((await service.get('/models')).json().versions[0])
      .toMatchObject({ version: version(1), state: 'refused', reason: 'artefact_checksum_mismatch' })
    expect(await pointer('CURRENT')).toBe(`${version(0)}\n`)
    expect(await reloads()).toEqual(['isthmus_reload_total{result="failed",reason="artefact_checksum_mismatch"} 1'])
  })

  it('change one at a time', async () => {
    const [first, second] = await Promise.all([activate({ version: version(1) }), activate({ version: version(1) })])
    expect([first, second]).toMatchObject([{ status: 200 }, { status: 409, code: 'reload_in_progress' }])
  })

  it('do not keep a caller waiting for a look at what is written', async () => {
    const [look, change] = await Promise.all([service.life.follow(), activate({ version: version(1) })])
    expect([look, change]).toEqual([undefined, { status: 200 }])
  })

  it('are released with their last answer, and not before', async () => {
    const lease = service.pool.take()
    await activate({ version: version(1) })
    expect(service.closed).toEqual([])
    expect((await service.get('/models')).json().versions[1]).toMatchObject({ version: version(0), state: 'draining' })
    lease.release()
    await service.life.close()
    expect(service.closed).toEqual([version(0), version(1)])
  })

  it('cannot be changed where there is one', async () => {
    await start({ deps: { versions: { root: undefined, open: async () => { throw new Error('never') }, tryVersion: async () => {} } } })
    expect(await activate({ version: version(1) })).toMatchObject({ status: 409, code: 'models_fixed' })
    expect((await service.get('/models')).json()).toMatchObject({
      fixed: true, versions: [{ version: version(0), state: 'serving' }],
    })
  })
})

describe('items that came after the model', () => {
  const item = (itemId: string) => ({ itemId, domain: 'sport', title: 'running ball' })

  it('are in the answers of the next model, projected by its own maps', async () => {
    await service.post('/items', item('before'))
    await service.post('/items', item('gone'))
    await activate({ version: version(1) })
    await service.server.inject({ method: 'DELETE', url: '/items/gone' })
    expect(await ids()).toContain('before')
    expect(await ids()).not.toContain('gone')
    expect(service.embedded.get('hash/384')).toEqual(['running ball', 'running ball'])
  })

  it('are not lost where they come, change or go while the next model is loaded', async () => {
    await service.post('/items', item('replaced'))
    await service.post('/items', item('deleted'))
    service.whileLoading(async () => {
      await service.post('/items', item('meanwhile'))
      await service.post('/items', { ...item('replaced'), title: 'yoga mat' })
      await service.server.inject({ method: 'DELETE', url: '/items/deleted' })
      await service.server.inject({ method: 'DELETE', url: '/items/sport-0003' })
    })
    await activate({ version: version(1) })
    const found = await ids()
    expect(found).toEqual(expect.arrayContaining(['meanwhile', 'replaced']))
    expect(found).not.toContain('deleted')
    expect(found).not.toContain('sport-0003')
    const answer = (await service.post('/recommend?domain=sport', { history: HISTORY, k: 100 })).json()
    expect(answer.items.find(({ itemId }: { itemId: string }) => itemId === 'replaced')).toMatchObject({ title: 'yoga mat' })
    expect((await service.post('/recommend?domain=sport', { k: 100 })).body).not.toContain('sport-0003')
  })

  it('are embedded anew, before anybody is answered, where the next model has another embedder', async () => {
    await start({ embedders: ['hash/384', 'other/384'] })
    await service.post('/items', item('carried'))
    service.whileLoading(async () => { await service.post('/items', item('meanwhile')) })
    expect(await activate({ version: version(1) })).toEqual({ status: 200 })
    expect(service.embedded.get('other/384')).toEqual(['running ball', 'running ball'])
    expect(await ids()).toEqual(expect.arrayContaining(['carried', 'meanwhile']))
    expect(service.store.getItem('carried')).toMatchObject({ embedderId: 'other/384', state: 'ready', version: 1 })
    expect((await service.get('/health')).json()).toMatchObject({ status: 'ok', pendingItems: 0 })
  })

  it('wait where that embedder cannot be had, and the model answers without them', async () => {
    await start({ embedders: ['hash/384', 'other/384'], failingEmbedder: 'other/384' })
    await service.post('/items', item('carried'))
    expect(await activate({ version: version(1) })).toEqual({ status: 200 })
    expect(await ids()).not.toContain('carried')
    expect((await service.get('/health')).json()).toMatchObject({ status: 'degraded', pendingItems: 1 })
    expect(service.store.getItem('carried')).toMatchObject({ embedderId: 'hash/384' })
    await service.post('/models/rollback')
    expect(await ids()).toContain('carried')
  })
})

describe('users split between models', () => {
  const users = Array.from({ length: 200 }, (_, i) => `user-${i}`)

  it('meet the same variant each time, which the answer names; callers without an id meet the lead', async () => {
    const variants = [{ variant: 'b', version: version(1), weight: 0.25 }]
    expect(await activate({ version: version(0), variants })).toEqual({ status: 200 })
    const met = await Promise.all(users.map(async (userId) => (await ask({ userId, history: HISTORY })).model))
    const again = await Promise.all(users.map(async (userId) => (await ask({ userId, history: HISTORY })).model))
    expect(again).toEqual(met)
    const b = met.filter(({ variant }) => variant === 'b')
    expect(Math.abs(b.length - 50)).toBeLessThan(25)
    expect(new Set(b.map((one) => one.version))).toEqual(new Set([version(1)]))
    expect((await ask()).model).toEqual({ name: 'tiny', version: version(0), variant: 'control' })
    expect((await service.get('/models')).json().serving).toEqual([
      { version: version(0), weight: 0.75, variant: 'control' }, { version: version(1), weight: 0.25, variant: 'b' },
    ])
    expect(JSON.parse(await pointer('TRAFFIC.json'))).toEqual({ variants })
    expect((await service.get('/metrics')).body).toMatch(/isthmus_recommendations_total\{[^}]*variant="b"\} \d+/)

    await service.post('/items', { itemId: 'for-all', domain: 'sport', title: 'running ball' })
    for (const userId of [users[met.indexOf(b[0]!)], 'nobody-special']) {
      expect((await ask({ userId, history: HISTORY, k: 100 })).items.map(({ itemId }) => itemId)).toContain('for-all')
    }
    expect(await activate({ version: version(1) })).toEqual({ status: 200 })
    expect((await ask({ userId: 'user-1', history: HISTORY })).model).toEqual({ name: 'tiny', version: version(1) })
    expect(JSON.parse(await pointer('TRAFFIC.json'))).toEqual({ variants: [] })
  })

  it('are not, where the parts or the bundles do not fit together', async () => {
    const variant = { variant: 'b', version: version(1), weight: 0.5 }
    for (const variants of [
      [variant, { ...variant, version: version(0) }], [{ ...variant, variant: 'control' }], [variant, { ...variant, variant: 'c' }],
    ]) {
      expect(await activate({ version: version(0), variants })).toMatchObject({ status: 400, code: 'validation_failed' })
    }
    await start({ embedders: ['hash/384', 'other/384'] })
    expect(await activate({ version: version(0), variants: [{ ...variant, version: version(1) }] }))
      .toMatchObject({ status: 409, code: 'variants_differ' })
    expect((await ask()).model).toEqual({ name: 'tiny', version: version(0) })
    expect(service.closed).toEqual([version(1)])
  })
})
