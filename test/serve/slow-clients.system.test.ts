import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { figure } from '../support/figures.ts'
import { freePort } from '../support/redis.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { MALFORMED } from './bad-inputs/malformed.ts'
import { openLoop, quantile } from './models/open-loop.ts'
import { type ServiceProcess, startProcess } from './process.ts'

const RATE = 20
const SOCKETS = 500

let tiny: TinyBundle
let root: string
let service: ServiceProcess
beforeAll(async () => {
  tiny = await writeTinyBundle()
  root = await mkdtemp(join(tmpdir(), 'isthmus-slow-'))
  service = await startProcess({ DATA_DIR: join(root, 'data'), LOG_LEVEL: 'warn' }, ['--bundle', tiny.root])
})
afterAll(async () => {
  await service.stop('SIGKILL')
  await tiny.close()
  await rm(root, { recursive: true, force: true })
})

const unknownUsers = async (): Promise<number> => {
  const text = await (await service.get('/metrics')).text()
  return Number(/^http_requests_total\{method="GET",route="\/users\/:userId",.*\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

describe('clients that are slow on purpose', () => {
  const openFiles = async (): Promise<number> => (await readdir(`/proc/${service.child.pid}/fd`)).length
  const ask = async (i: number): Promise<number> => {
    if (i % 4 === 0) return (await service.get('/health/live')).status
    return (await service.post('/recommend?domain=sport', { history: [{ itemId: 'sport-0001' }] })).status
  }
  const modes = {
    headers: ['-H', '-x', '24', '-u', '/health/live'],
    bodies: ['-B', '-t', 'POST', '-f', 'application/json', '-s', '8192', '-x', '10', '-u', '/recommend?domain=sport'],
    answers: ['-X', '-w', '1', '-y', '8', '-n', '1', '-z', '1', '-k', '3', '-u', '/metrics'],
  }

  for (const [mode, flags] of Object.entries(modes)) {
    it(`P30: with their ${mode} are cut off, and hold up nobody`, async (test) => {
      const before = await openFiles()
      let said = ''
      const { answers, times, failures } = await openLoop(RATE, ask, async () => {
        const url = service.address + flags.at(-1)!
        const child = spawn('slowhttptest', [
          ...flags.slice(0, -1), url, '-c', String(SOCKETS), '-r', '250', '-i', '1', '-l', '12', '-p', '5', '-v', '1',
        ])
        child.stdout.on('data', (text: Buffer) => { said += text.toString() })
        expect((await once(child, 'exit'))[0]).toBe(0)
      })
      expect(failures).toEqual([])
      expect(new Set(answers)).toEqual(new Set([200]))
      expect(said).toMatch(/service available:[^\n]*YES/)
      await vi.waitFor(async () => { expect(await openFiles()).toBeLessThan(before + 50) }, {
        timeout: 60_000, interval: 200,
      })
      figure(test, `${SOCKETS} slow ${mode}: ${answers.length} others answered, p99 ${quantile(times, 0.99).toFixed(0)} ms; ` +
        `${before} files open before, ${await openFiles()} after`)
    }, 180_000)
  }
})

describe('behind haproxy, the service', () => {
  it('P31: never takes a request that was hidden in another', async (test) => {
    const port = await freePort()
    const config = join(root, 'haproxy.cfg')
    await writeFile(config, [
      'defaults', '  mode http', '  timeout connect 2s', '  timeout client 3s', '  timeout server 3s', '  http-reuse always',
      'frontend in', `  bind 127.0.0.1:${port}`, '  default_backend service',
      'backend service', `  server one ${new URL(service.address).host}`, '',
    ].join('\n'))
    const haproxy = spawn('haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
    try {
      const front = `http://127.0.0.1:${port}`
      await vi.waitFor(async () => { expect((await fetch(`${front}/health/live`)).status).toBe(200) }, {
        timeout: 20_000, interval: 100,
      })
      const seen: string[] = []
      for (const { row, text } of MALFORMED) {
        const statuses = [...(await send(port, text)).matchAll(/HTTP\/1\.[01] (\d+)/g)].map(([, status]) => status)
        seen.push(`${row.split(' ', 1)[0]} ${statuses.join('+') || 'cut'}`)
        // A desynchronised connection would give the next one the answer to what was hidden.
        for (let i = 0; i < 3; i++) {
          const next = await fetch(`${front}/health/live`)
          expect([row, next.status, await next.json()]).toEqual([row, 200, { status: 'ok' }])
        }
      }
      // What is no trick for haproxy is passed on as two requests: it says so, and answers both.
      const honest = seen.filter((line) => line.includes('+')).length
      expect([await unknownUsers(), seen]).toEqual([honest, seen])
      figure(test, `by row: ${seen.join(', ')}`)
    } finally {
      const ended = once(haproxy, 'exit')
      haproxy.kill('SIGKILL')
      await ended
    }
  }, 120_000)
})

/** All that comes back in the time that haproxy leaves a silent client. */
async function send (port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('error', () => {}).setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
  socket.write(text, 'latin1')
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}
