import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { packageRoot } from '../../src/paths.ts'
import { freePort } from './redis.ts'

/** What `.ci/toxiproxy` builds: https://github.com/Shopify/toxiproxy */
const SERVER = join(packageRoot, '.cache/toxiproxy/v2.5.0/server')

/**
 * What the way to a server does: `ok`; `down`, connections are refused and cut; `hang`, they are taken and nothing
 * comes through; `slow`, each piece comes so many milliseconds late; `cut`, they end after so many bytes of an answer;
 * `reset`, they are reset after so many milliseconds; `slice`, answers come in pieces of so many bytes; `narrow`, so
 * many KB a second come through.
 */
export type Way = 'ok' | 'down' | 'hang' | readonly ['slow' | 'cut' | 'reset' | 'slice' | 'narrow', number]

interface Toxic {
  readonly type: string
  readonly stream?: 'upstream' | 'downstream'
  readonly attributes: Readonly<Record<string, number>>
}

function toxicOf (way: Exclude<Way, 'ok' | 'down'>): Toxic {
  if (way === 'hang') return { type: 'timeout', attributes: { timeout: 0 } }
  const [kind, value] = way
  switch (kind) {
    case 'slow': return { type: 'latency', attributes: { latency: value } }
    case 'cut': return { type: 'limit_data', attributes: { bytes: value } }
    case 'reset': return { type: 'reset_peer', attributes: { timeout: value } }
    case 'slice': return { type: 'slicer', attributes: { average_size: value, size_variation: 1, delay: 10 } }
    case 'narrow': return { type: 'bandwidth', attributes: { rate: value } }
  }
}

/** Stands between a client and a server on loopback. */
export interface ToxicProxy {
  readonly port: number
  /** Resolves once the way is so for connections that are open and for those to come. */
  set: (way: Way) => Promise<void>
}

export interface Toxiproxy {
  /** @param to a port on loopback */
  proxy: (to: number) => Promise<ToxicProxy>
  close: () => Promise<void>
}

export async function startToxiproxy (): Promise<Toxiproxy> {
  if (!existsSync(SERVER)) throw new Error(`${SERVER} is not there; .ci/toxiproxy builds it`)
  const port = await freePort()
  const child = spawn(SERVER, ['-host', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' })
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  }
  await vi.waitFor(async () => { await call('GET', '/version') }, { timeout: 20_000 })
  let made = 0

  return {
    async proxy (to) {
      const name = `proxy-${made++}`
      const own = await freePort()
      await call('POST', '/proxies', { name, listen: `127.0.0.1:${own}`, upstream: `127.0.0.1:${to}`, enabled: true })
      let toxic = false
      return {
        port: own,
        async set (way) {
          if (toxic) await call('DELETE', `/proxies/${name}/toxics/fault`)
          toxic = way !== 'ok' && way !== 'down'
          await call('POST', `/proxies/${name}`, { enabled: way !== 'down' })
          if (way !== 'ok' && way !== 'down') await call('POST', `/proxies/${name}/toxics`, { name: 'fault', ...toxicOf(way) })
        },
      }
    },
    async close () {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}
