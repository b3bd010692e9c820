import { LOCAL_EMBEDDER_ID, localEmbedder } from '../encode/local-embedder.ts'
import { openSession } from '../encode/ort.ts'
import { loadTf } from '../nn/tf.ts'
import { createGraph } from '../onnx/graph-builder.ts'
import { findHnswDriver } from '../retrieve/hnsw-driver.ts'
import type { Probes } from './checks.ts'

/** Looks at the machine it runs on. */
export function machineProbes (): Probes {
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
  }
}

/** A graph that hands its input on: enough to load a provider. */
function smallestModel (): Uint8Array {
  const graph = createGraph('doctor')
  graph.output('y', graph.node('Neg', [graph.input('x', 'float32', ['N'])]), 'float32', ['N'])
  return graph.build()
}
