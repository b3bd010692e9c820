import { openBundle } from '../bundle/open.ts'
import { type Fault, faultOf } from '../errors.ts'
import { openEngine } from './engine-core.ts'
import type { EngineWorkerData } from './engine-protocol.ts'

/** What the process answers to each bundle it was sent, in their order. */
export interface TrialReply { readonly fault: Fault | null }

/**
 * Loads bundles as the engine does, golden answers and all, in a process that may die of it: native libraries crash on
 * content that hashes cannot vouch for. One after another, as they are sent; ends when its parent lets go.
 */
async function tryBundle ({ bundle, ...options }: EngineWorkerData): Promise<TrialReply> {
  try {
    const engine = await openEngine(await openBundle(bundle), options)
    await engine.close()
    return { fault: null }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

let last = Promise.resolve()
process.on('message', (data: EngineWorkerData) => {
  last = last.then(async () => { process.send?.(await tryBundle(data)) })
})
