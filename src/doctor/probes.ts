import { Redis } from 'ioredis'
import { openBundle } from '../bundle/open.ts'
import { LOCAL_EMBEDDER_ID, localEmbedder } from '../encode/local-embedder.ts'
import { openSession } from '../encode/ort.ts'
import { loadTf } from '../nn/tf.ts'
import { createGraph } from '../onnx/graph-builder.ts'
import { findHnswDriver } from '../retrieve/hnsw-driver.ts'
import type { Probes } from './checks.ts'

/** Looks at the machine it runs on. `bundle` is what npm start would serve. */
export function machineProbes (bundle: string, environment: NodeJS.ProcessEnv): Probes {
  return {
    nodeVersion: process.version,
    async training () {
      const { backend, gpu, close } = await loadTf('auto')
      close()
      return { backend, gpu }
    },
    async onnx (provider) {
      const session = await openSession(smallestModel(), { provider })
      await session.close()
    },
    hnsw: async () => await findHnswDriver() !== undefined,
    async textEncoder () {
      const embedder = await localEmbedder()
      await embedder.embed(['a pair of running shoes'])
      await embedder.close()
      return LOCAL_EMBEDDER_ID
    },
    redis: async () => await askRedis(environment.REDIS_URL ?? 'redis://127.0.0.1:6379'),
    async bundle () {
      const { manifest } = await openBundle(bundle)
      return `${bundle}: ${manifest.domains.map(({ name, items }) => `${items} ${name}`).join(', ')}`
    },
  }
}

/** A graph that hands its input on: enough to load a provider. */
function smallestModel (): Uint8Array {
  const graph = createGraph('doctor')
  graph.output('y', graph.node('Neg', [graph.input('x', 'float32', ['N'])]), 'float32', ['N'])
  return graph.build()
}

/** One question, no second try. The place is named without the password that its URL may hold. */
async function askRedis (url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const place = `${hostname}:${port === '' ? '6379' : port}`
  const client = new Redis(url, {
    lazyConnect: true, connectTimeout: 1000, commandTimeout: 1000, maxRetriesPerRequest: 0, retryStrategy: () => null,
  })
  // Without a listener the client prints what the rejection below says.
  let reason: unknown
  client.on('error', (error) => { reason = error })
  try {
    await client.connect()
    const [, version = 'of unknown version'] = /redis_version:(\S+)/.exec(await client.info('server')) ?? []
    return `${version} at ${place}`
  } catch (error) {
    throw new Error(`nothing answers at ${place}`, { cause: reason ?? error })
  } finally {
    client.disconnect()
  }
}
