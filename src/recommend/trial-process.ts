import { constants, getPriority, setPriority } from 'node:os'
import { openBundle } from '../bundle/open.ts'
import { type Fault, faultOf } from '../errors.ts'
import { openEngine } from './engine-core.ts'
import type { EngineWorkerData } from './engine-protocol.ts'

const { PRIORITY_BELOW_NORMAL } = constants.priority
// What answers comes first. Not the lowest, so that a trial still gets a tenth of a busy core and comes to its end.
if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL)

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
