import { engineClient } from '../../src/recommend/engine-client.ts'
import { answerParent } from '../child.ts'
import type { Sample } from '../statistics.ts'
import { closedLoop } from './closed-loop.ts'
import type { Asked } from './requests.ts'

export interface EngineQuestion {
  /** Callers at once. */
  readonly connections: number
  readonly seconds: number
  readonly warmSeconds: number
  readonly requests: readonly Asked[]
}

// The engine's client and its worker, as the service has them, and no HTTP: the most that the service could give.
const opening = engineClient({ bundle: process.argv[2]! })

answerParent(async ({ connections, seconds, warmSeconds, requests }: EngineQuestion): Promise<Sample> => {
  const engine = await opening
  let next = 0
  const turn = async (): Promise<boolean> => {
    const { domain, history, k } = requests[next++ % requests.length]!
    const { basis } = await engine.recommend({ domain, history, k, exclude: [], excludeSeen: true })
    return basis === 'history'
  }
  return await closedLoop(new Array<typeof turn>(connections).fill(turn), seconds, warmSeconds)
}, async () => await (await opening).close())
