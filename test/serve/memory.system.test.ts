import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { figure } from '../support/figures.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { CHUNKED, HEAD } from './bad-inputs/malformed.ts'
import { type ServiceProcess, startProcess } from './process.ts'

/** Of a thousand requests; what a process takes once and keeps is taken before the count begins. */
const MOST_MIB = 1
const ROUNDS = 6
/**
 * Says on a signal what is still held after a collection: what a process has taken and may use again is no growth,
 * nor is the body of a request that it has yet to learn is over.
 */
const KEPT = `
import { Server } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose_gc')
const gc = runInNewContext('gc')
let open = 0
const { emit } = Server.prototype
Server.prototype.emit = function (name, ...args) {
  if (name === 'request') {
    open++
    args[1].once('close', () => { open-- })
  }
  return emit.call(this, name, ...args)
}
process.on('SIGWINCH', function count () {
  if (open > 0) return setTimeout(count, 20)
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  process.stderr.write('kept ' + (heapUsed + external) + '\\n')
})`
const LEAK = `
import { Server } from 'node:http'
const kept = []
const { emit } = Server.prototype
Server.prototype.emit = function (name, ...args) {
  if (name === 'request') kept.push(Buffer.alloc(8192, 1))
  return emit.call(this, name, ...args)
}`
const imported = (code: string): string => `--import=data:text/javascript,${encodeURIComponent(code)}`

describe('the memory of a service', () => {
  let tiny: TinyBundle
  let root: string
  let service: ServiceProcess
  beforeEach(async () => {
    tiny = await writeTinyBundle()
    root = await mkdtemp(join(tmpdir(), 'isthmus-memory-'))
  })
  afterEach(async () => {
    await service.stop('SIGKILL')
    await tiny.close()
    await rm(root, { recursive: true, force: true })
  })
  const start = async (...code: readonly string[]): Promise<void> => {
    service = await startProcess({
      DATA_DIR: join(root, 'data'), LOG_LEVEL: 'error', NODE_OPTIONS: code.map(imported).join(' '),
    }, ['--bundle', tiny.root])
  }
  /** MiB that the HTTP thread holds after a collection. */
  const kept = async (): Promise<number> => {
    const said = (): string[] => [...service.log().matchAll(/^kept (\d+)$/gm)].map(([, bytes]) => bytes!)
    const before = said().length
    service.child.kill('SIGWINCH')
    await vi.waitFor(() => { expect(said().length).toBeGreaterThan(before) }, { timeout: 60_000, interval: 50 })
    return Number(said().at(-1)) / 2 ** 20
  }
  const resident = async (): Promise<number> => {
    const status = await readFile(`/proc/${service.child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024
  }
  /** Growth of a thousand requests in MiB, by the median of the rounds. */
  const slope = async (requests: number, round: (i: number) => Promise<void>): Promise<number> => {
    for (let i = 0; i < 3; i++) await round(i)
    const growths: number[] = []
    for (let i = 3; i < 3 + ROUNDS; i++) {
      const before = await kept()
      await round(i)
      growths.push((await kept() - before) * 1000 / requests)
    }
    return growths.sort((a, b) => a - b)[ROUNDS >> 1]!
  }
  let users = 0
  const ask = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 50) {
      await Promise.all(Array.from({ length: 50 }, async () => {
        await service.post('/recommend?domain=sport', { userId: `user-${users++}`, history: [{ itemId: `item-${users}` }] })
      }))
    }
  }

  it('P14: stays bounded under many users, uploads that are broken off, and bodies in the smallest chunks', async (test) => {
    await start(KEPT)
    const many = await slope(1000, async () => await ask(1000))
    expect(many).toBeLessThan(MOST_MIB)
    const aborted = await slope(250, async () => {
      await Promise.all(Array.from({ length: 250 }, async () => await abort(service)))
    })
    expect(aborted).toBeLessThan(MOST_MIB)
    const { status } = await service.post('/events', { userId: 'u', itemId: 'sport-0001' })
    expect(status).toBe(202)
    const send = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) expect(await chunks(service, 1_000_000)).toMatch(/^HTTP\/1\.1 (4\d\d|503) /)
    }
    await send(2)
    const before = await kept()
    await send(5)
    const after = await kept()
    expect(after - before).toBeLessThan(MOST_MIB)
    expect((await service.get('/health/ready')).status).toBe(200)
    figure(test, `${many.toFixed(2)} MiB a thousand users, ${aborted.toFixed(2)} MiB a thousand uploads broken off, ` +
      `${(after - before).toFixed(2)} MiB five bodies of a million chunks; resident in the end: ` +
      `${(await resident()).toFixed(0)} MiB`)
  }, 600_000)

  it('P14: is seen to grow where something leaks', async (test) => {
    await start(KEPT, LEAK)
    const leaking = await slope(1000, async () => await ask(1000))
    figure(test, `${leaking.toFixed(2)} MiB a thousand requests, with 8 KiB of each kept on purpose`)
    expect(leaking).toBeGreaterThan(MOST_MIB)
  }, 600_000)
})

/** Sends half of a body and goes. */
async function abort (service: ServiceProcess): Promise<void> {
  const { port, hostname } = new URL(service.address)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(`${HEAD}content-length: 200000\r\n\r\n${'x'.repeat(100_000)}`, resolve))
  socket.resetAndDestroy()
  await new Promise((resolve) => socket.once('close', resolve))
}

/** Sends a body of `count` chunks of a byte each; what was answered. */
async function chunks (service: ServiceProcess, count: number): Promise<string> {
  const { port, hostname } = new URL(service.address)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('error', () => {}).setEncoding('utf8').on('data', (text: string) => { answer += text })
  socket.write(CHUNKED + '1\r\nx\r\n'.repeat(count))
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}
