import { access, constants, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { tellInt8 } from '../bundle/int8.ts'
import { openBundle } from '../bundle/open.ts'
import type { Environment, ServiceConfig } from '../config/service-config.ts'
import { isLoopback } from '../config/loopback.ts'
import { LOCAL_EMBEDDER_ID } from '../encode/local-embedder.ts'
import { openaiOptions } from '../llm/openai-embedder.ts'
import { isLocked } from '../state/embedded/lock.ts'
import { SEAL_FILE } from '../state/embedded/seal.ts'
import { STORE_FILE } from '../state/embedded/environment.ts'
import { connectRedis, mastersOf } from '../state/redis/client.ts'
import type { ServiceProbes } from './checks.ts'

/** Less than this, and the journal will soon refuse what comes. */
const LEAST_FREE = 256 * 2 ** 20
const REDIS_TIMEOUT_MS = 1000

/**
 * Looks at what npm start would use, and changes nothing: no file is made, no journal is taken, no endpoint is asked
 * anything that costs.
 * @param read gives the settings, or throws what is wrong with them
 */
export function serviceProbes (read: () => ServiceConfig, env: Environment): ServiceProbes {
  const dataDirOf = async ({ dataDir, bundle }: ServiceConfig): Promise<string> =>
    dataDir ?? join(process.cwd(), 'data', (await openBundle(bundle, { verify: 'on-read' })).manifest.name)

  return {
    async settings () {
      const { host, port, metricsPort, provider, retrieval } = read()
      return `listens at ${host}:${port}${metricsPort === undefined ? '' : `, metrics at ${metricsPort}`}; ` +
        `provider ${provider}, retrieval ${retrieval}`
    },

    async keys () {
      const { keys, host } = read()
      if (keys.length === 0) throw new Error(isLoopback(host) ? 'none; this machine alone can call' : `none, and ${host} may be reached by others`)
      return keys.map(({ name, scopes }) => `${name} (${scopes.size === 0 ? 'revoked' : [...scopes].join(', ')})`).join('; ')
    },

    async bundle () {
      const { bundle } = read()
      const { manifest, dir } = await openBundle(bundle)
      const items = manifest.domains.map(({ name, items }) => `${items} ${name}`).join(', ')
      const encoders = manifest.int8 === undefined ? 'encoders in float32' : tellInt8(manifest.int8)
      return `${dir}: ${items}; ${manifest.files.length} files are as their hashes say; ${encoders}`
    },

    async embedder () {
      const { manifest: { embedder: { id, width } } } = await openBundle(read().bundle, { verify: 'on-read' })
      if (id === LOCAL_EMBEDDER_ID) return `${id}, on this machine`
      const [kind, ...name] = id.split('/')
      if (kind !== 'openai') throw new Error(`no embedder here makes vectors of ${id}`)
      const { baseUrl } = openaiOptions({ model: name.slice(0, -1).join('/'), width }, env)
      return `${id} at ${new URL(baseUrl).host}, which was not asked`
    },

    async dataDir () {
      const dir = await dataDirOf(read())
      const there = await nearest(dir)
      await access(there, constants.W_OK | constants.X_OK)
      const { bavail, bsize } = await statfs(there)
      const free = bavail * bsize
      const said = `${dir}${there === dir ? '' : ' (to be made)'}: ${(free / 2 ** 30).toFixed(1)} GiB free`
      if (free < LEAST_FREE) throw new Error(said)
      return said
    },

    async journal () {
      const dir = await dataDirOf(read())
      const size = await sizeOf(join(dir, STORE_FILE))
      if (await nearest(dir) === dir && await isLocked(dir)) throw new Error(`${dir} is in use by another process`)
      if (size === undefined) return 'none yet'
      const closed = await sizeOf(join(dir, SEAL_FILE)) !== undefined
      return `${(size / 2 ** 20).toFixed(1)} MiB, ${closed ? 'closed in order' : 'not closed: its process was killed, and it is checked as it is read'}`
    },

    async redis () {
      const { redis } = read()
      if (redis === undefined) throw new Error('not configured: this instance is alone')
      const [first] = redis.address.hosts
      const place = `${redis.address.kind} at ${first!.host}:${first!.port}`
      const client = connectRedis(redis.address, { timeoutMs: REDIS_TIMEOUT_MS })
      try {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`nothing answers: ${place}`)), 2 * REDIS_TIMEOUT_MS)
          client.once('ready', () => {
            clearTimeout(timer)
            resolve()
          }).once('error', () => {
            clearTimeout(timer)
            reject(new Error(`nothing answers: ${place}`))
          })
        })
        const versions = await Promise.all(mastersOf(client).map(async (master) =>
          /redis_version:(\S+)/.exec(await master.info('server'))?.[1] ?? 'of unknown version'))
        return `${[...new Set(versions)].join(', ')}, ${place}`
      } finally {
        client.disconnect()
      }
    },

    async ports () {
      const { host, port, metricsPort } = read()
      for (const one of [port, ...(metricsPort === undefined ? [] : [metricsPort])]) await checkFree(host, one)
      return metricsPort === undefined ? `${port} is free` : `${port} and ${metricsPort} are free`
    },
  }
}

/** The folder itself, or the one above it that is there. */
async function nearest (dir: string): Promise<string> {
  const found = await stat(dir).then((stats) => {
    if (!stats.isDirectory()) throw new Error(`${dir} is no folder`)
    return dir
  }, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return found ?? await nearest(dirname(dir))
}

async function sizeOf (path: string): Promise<number | undefined> {
  return await stat(path).then(({ size }) => size, (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
}

async function checkFree (host: string, port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`${host}:${port} cannot be listened on (${error.code ?? error.message})`)))
    server.listen(port, host, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}
