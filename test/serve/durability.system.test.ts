import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiled } from '../../src/paths.ts'
import { createRandom } from '../../src/random.ts'
import { figure } from '../support/figures.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const WRITES = 100
const KILLS = 10
const EMBEDDING = Array.from({ length: 384 }, (_, i) => 1 + i % 7)

let tiny: TinyBundle
let root: string
beforeAll(async () => {
  tiny = await writeTinyBundle()
  root = await mkdtemp(join(tmpdir(), 'isthmus-durable-'))
})
afterAll(async () => {
  await tiny.close()
  await rm(root, { recursive: true, force: true })
})
const item = (itemId: string): object =>
  ({ itemId, domain: 'sport', title: `ball ${itemId}`, embedding: EMBEDDING, embeddingModel: 'hash/384' })

describe('npm start', () => {
  it('P2: flushes each acknowledged write before its answer is sent', async (test) => {
    const trace = join(root, 'trace')
    const service = await startProcess({ DATA_DIR: join(root, 'flushed') }, ['--bundle', tiny.root], [
      'strace', '-D', '-f', '-o', trace, '-s', '16', '-e', 'trace=fsync,fdatasync,write,writev,sendto,sendmsg',
    ])
    try {
      for (let n = 0; n < WRITES; n++) {
        const [path, body] = n % 2 === 0 ? ['/events', { userId: 'u', itemId: `e${n}` }] : ['/items', item(`i${n}`)]
        expect((await service.post(path, body)).status).toBe(n % 2 === 0 ? 202 : 201)
      }
      expect(await service.stop()).toBe(0)
    } finally {
      await service.stop('SIGKILL')
    }
    const calls = (await readFile(trace, 'utf8')).split('\n').flatMap((line) =>
      /f(data)?sync.*= 0$/.test(line) ? ['flush'] : /"HTTP\/1\.1 20[12]/.test(line) ? ['answer'] : [])
    const answers = calls.filter((call) => call === 'answer').length
    expect(answers).toBe(WRITES)
    // One client, one write at a time: what was flushed since the answer before can only be this one.
    for (const [i, call] of calls.entries()) if (call === 'answer') expect([i, calls[i - 1]]).toEqual([i, 'flush'])
    figure(test, `${WRITES} writes one by one: ${calls.length - answers} flushes, none after its answer`)
  })

  it('P23: opens after it was killed ten times while it opened, with all that was acknowledged', async (test) => {
    const seed = Number(process.env.SEED ?? Date.now() % 1e6)
    const random = createRandom(seed, 'crash loop')
    const dataDir = join(root, 'loop')
    const env = { DATA_DIR: dataDir, LOG_LEVEL: 'warn' }
    let service = await startProcess(env, ['--bundle', tiny.root])
    const ids = Array.from({ length: 400 }, (_, i) => `loop-${i}`)
    for (let from = 0; from < ids.length; from += 100) {
      expect((await service.post('/items', { items: ids.slice(from, from + 100).map(item) })).status).toBe(201)
    }
    const events = ids.map((itemId) => ({ userId: 'looper', itemId, timestamp: Date.now() - 1000 }))
    expect((await service.post('/events', { events })).body.accepted).toBe(ids.length)
    await service.stop('SIGKILL')
    const begun = performance.now()
    let opening = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [fileURLToPath(compiled('scripts/start.ts')), '--port', '0', '--bundle', tiny.root], {
        env: { ...process.env, ...env, LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'pipe'],
      })
      let answers = false
      child.stdout.on('data', (text: Buffer) => { if (text.includes('answers at')) answers = true })
      // The first half right after the store is open (it says so), the others at any moment of the start.
      if (kill < KILLS / 2) await once(child.stderr, 'data')
      else await new Promise((resolve) => setTimeout(resolve, random.integer(1500)))
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      if (!answers) opening++
    }
    figure(test, `seed ${seed}: ${opening} of ${KILLS} kills before it answered, in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
    expect(opening).toBeGreaterThanOrEqual(KILLS / 2)
    service = await startProcess(env, ['--bundle', tiny.root])
    try {
      for (const id of [ids[0]!, ids[199]!, ids[399]!]) {
        expect(await (await service.get(`/items/${id}`)).json()).toMatchObject({ itemId: id, version: 1, state: 'ready' })
      }
      const { domains } = await (await service.get('/health')).json() as { domains: Array<{ items: number }> }
      expect(domains[0]!.items).toBe(60 + ids.length)
      const { history } = await (await service.get('/users/looper')).json() as { history: Array<{ itemId: string }> }
      expect(history.map(({ itemId }) => itemId).sort()).toEqual([...ids].sort())
    } finally {
      await service.stop('SIGKILL')
    }
  }, 600_000)
})

describe('a disk that is full', () => {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && process.env.CI !== undefined) throw new Error('only root can mount a small disk')

  it.skipIf(!isRoot)('P20, P27: stops writes alone, loses none, and takes more when there is room, without a restart', async (test) => {
    const disk = join(root, 'disk')
    await mkdir(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk])
    let service: ServiceProcess | undefined
    try {
      await writeFile(join(disk, 'filler'), Buffer.alloc(2 << 20))
      service = await startProcess({ DATA_DIR: join(disk, 'data'), LOG_LEVEL: 'warn' }, ['--bundle', tiny.root])
      const taken: string[] = []
      const write = async (itemId: string): Promise<number> => {
        const { status, body } = await service!.post('/items', item(itemId))
        if (status === 201) taken.push(itemId)
        else expect([status, body.code]).toEqual([503, 'store_full'])
        return status
      }
      for (let n = 0; await write(`full-${n}`) === 201; n++) continue
      expect(taken.length).toBeGreaterThan(10)
      for (let n = 0; n < 50; n++) expect(await write(`no-${n}`)).toBe(503)
      expect((await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }] })).body)
        .toMatchObject({ basis: 'history', degraded: false })
      for (const probe of ['live', 'ready']) expect((await service.get(`/health/${probe}`)).status).toBe(200)
      expect(await (await service.get('/health')).json()).toMatchObject({ status: 'degraded', writes: 'failing' })
      // One line a minute, not one a refusal.
      expect(service.log().split('\n').filter((line) => line.includes('store_full')).length).toBeLessThanOrEqual(2)
      // What is small may fit where more does not; then it is kept.
      const small = await service.post('/events', { userId: 'u', itemId: 'sport-0001' })
      expect(small.status === 202 || small.body.code === 'store_full').toBe(true)
      const held = taken.length
      await unlink(join(disk, 'filler'))
      expect(await write('again')).toBe(201)
      expect(await (await service.get('/health')).json()).toMatchObject({ status: 'ok', writes: 'ok' })
      for (const id of taken) expect((await service.get(`/items/${id}`)).status).toBe(200)
      expect(await service.stop()).toBe(0)
      service = await startProcess({ DATA_DIR: join(disk, 'data') }, ['--bundle', tiny.root])
      for (const id of taken) expect((await service.get(`/items/${id}`)).status).toBe(200)
      figure(test, `${held} items taken until 6 MB were full, then 503 store_full; all there after the disk had room`)
    } finally {
      await service?.stop('SIGKILL')
      execFileSync('umount', [disk])
    }
  })
})
