import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCAL_EMBEDDER_ID } from '../../src/encode/local-embedder.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

describe('npm start', () => {
  let tiny: TinyBundle
  let dataDir: string
  let service: ServiceProcess
  const start = async (env: Record<string, string> = {}): Promise<ServiceProcess> =>
    await startProcess({ DATA_DIR: dataDir, ...env }, ['--bundle', tiny.root])

  beforeAll(async () => {
    tiny = await writeTinyBundle({ embedder: { id: LOCAL_EMBEDDER_ID, width: 384 } })
    dataDir = await mkdtemp(join(tmpdir(), 'isthmus-serve-'))
    service = await start()
  })
  afterAll(async () => {
    await service.stop('SIGKILL')
    await tiny.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  const ids = ({ body }: { body: { items: ReadonlyArray<{ itemId: string }> } }): string[] =>
    body.items.map(({ itemId }) => itemId)
  const ask = async (body: object, domain = 'sport') => await service.post(`/recommend?domain=${domain}`, body)

  it('prints its address, three calls to try, and what is missing', () => {
    expect(service.printed).toContain(service.address)
    expect(service.printed.match(/curl -s /g)).toHaveLength(3)
    expect(service.printed).toContain('"userId":"user-0"')
    expect(service.printed).toContain('"itemId":"sport-0000"')
    expect(service.printed).toContain('a generated shop')
    expect(service.printed).toMatch(/Missing:\n(.*\n)* {2}Redis: not configured/)
  })

  it('answers a user, a session, both, and nobody', async () => {
    const history = [{ itemId: 'cloth-0001' }, { itemId: 'sport-0002' }]
    for (const [body, basis] of [
      [{ userId: 'user-0' }, 'history'], [{ history }, 'history'], [{ userId: 'user-0', history }, 'history'], [{}, 'popular'],
    ] as const) {
      const answer = await ask(body)
      expect([answer.status, answer.body.basis, answer.body.degraded]).toEqual([200, basis, false])
      expect(answer.body.items.map(({ domain }) => domain)).toEqual(Array(10).fill('sport'))
    }
  })

  it('says where it stands, and shows its page, its document and its figures', async () => {
    expect(await (await service.get('/health/ready')).json()).toEqual({ status: 'ok' })
    const page = await service.get('/')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await page.text()).toContain('/page/main.js')
    expect((await service.get('/page/main.js')).headers.get('content-type')).toContain('text/javascript')
    expect((await service.get('/docs/')).status).toBe(200)
    const metrics = await (await service.get('/metrics')).text()
    expect(metrics).toContain('http_requests_total{method="POST",route="/recommend",status="200"}')
    expect(metrics).toContain('isthmus_engine_up 1')
    expect(metrics).toContain('process_cpu_seconds_total')
  })

  it('puts a posted item and an event into the next answer, and keeps both over a restart', async () => {
    const item = { itemId: 'cold-1', domain: 'sport', title: 'running ball', brand: 'Alba' }
    expect(await service.post('/items', item)).toMatchObject({ status: 201, body: { state: 'ready' } })
    const asked = { history: [{ itemId: 'sport-0000' }], k: 100 }
    const answer = await ask(asked)
    expect(ids(answer)).toContain('cold-1')

    expect(await service.post('/events', { userId: 'someone', itemId: 'cold-1' })).toMatchObject({
      status: 202, body: { accepted: 1 },
    })
    const known = await ask({ userId: 'someone', k: 100 })
    expect(known.body.basis).toBe('history')
    expect(ids(known)).not.toContain('cold-1')
    expect((await service.get('/items/sport-0003')).status).toBe(200)
    await fetch(`${service.address}/items/sport-0003`, { method: 'DELETE' })

    expect(await service.stop()).toBe(0)
    service = await start()
    const again = await ask(asked)
    expect(ids(again)).toEqual(ids(answer).filter((id) => id !== 'sport-0003'))
    expect(await ask({ userId: 'someone', k: 100 })).toMatchObject({ body: { basis: 'history' } })
    expect((await service.get('/items/sport-0003')).status).toBe(404)
  })

  it('finishes what it took when it is told to end, and exits with 0', async () => {
    const url = new URL(service.address)
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    const body = '{"k":3}'
    socket.write('POST /recommend?domain=sport HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
      `content-length: ${body.length}\r\n\r\n${body.slice(0, 3)}`)
    // The server has the request's head by now if it answers another one that came later.
    await ask({})
    const ended = service.stop()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
    await refused(url)
    socket.write(body.slice(3))
    await once(socket, 'close')
    expect(text).toMatch(/^HTTP\/1.1 200 /)
    expect(await ended).toBe(0)
    expect(service.log()).not.toMatch(/"level":(50|60)/)
    service = await start()
  })

  it('5.3 row 33: events whose sender left before the answer are sent again, and are there once', async () => {
    const event = { eventId: randomUUID(), userId: 'impatient', itemId: 'sport-0001' }
    const body = JSON.stringify(event)
    const url = new URL(service.address)
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    socket.write('POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
      `content-length: ${body.length}\r\n\r\n${body}`, () => socket.destroy())
    await once(socket, 'close')
    expect(await service.post('/events', event)).toMatchObject({ status: 202 })
    const { history } = await (await service.get('/users/impatient')).json() as { history: unknown[] }
    expect(history).toHaveLength(1)
    expect(service.log()).not.toMatch(/"level":(50|60)/)
  })

  it('leaves no second process the journal, and says so with its exit status', async () => {
    await expect(start()).rejects.toThrow(/ended with 75[^]*store_locked/)
  })

  it.each([
    ['METRICS_PORT', '70000'], ['RETRIEVAL', 'cluster'], ['LOG_LEVEL', 'loud'], ['REDIS_URL', 'redis://10.0.0.1'],
  ])('refuses %s=%s by name with 78', async (name, value) => {
    await expect(startProcess({ DATA_DIR: dataDir, [name]: value }, ['--bundle', tiny.root])).rejects
      .toThrow(new RegExp(`ended with 78[^]*config_invalid: ${name} `))
  })

  it.each(['PORT', 'METRICS_PORT'])('refuses a %s that is taken by name with 78', async (name) => {
    const taken = new URL(service.address).port
    const other = await mkdtemp(join(dataDir, 'other-'))
    const flags = name === 'PORT' ? ['--port', taken] : []
    await expect(startProcess({ DATA_DIR: other, [name]: taken }, ['--bundle', tiny.root, ...flags])).rejects
      .toThrow(new RegExp(`ended with 78[^]*config_invalid: ${name} .*EADDRINUSE`))
  })

  it('refuses a bundle that is not there with 78', async () => {
    await expect(startProcess({ DATA_DIR: dataDir }, ['--bundle', '/nothing/there'])).rejects
      .toThrow(/ended with 78[^]*artefact_missing/)
  })
})

/** Waits until the address takes no more connections. */
async function refused (url: URL): Promise<void> {
  for (;;) {
    const probe = connect(Number(url.port), url.hostname)
    const open = await new Promise<boolean>((resolve) => {
      probe.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    probe.destroy()
    if (!open) return
  }
}
