import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OnProgress } from '../../src/progress.ts'
import { type FloodedServiceOptions, withFloodedService } from '../shed/flooded-service.ts'
import type { FloodAnswer } from '../shed/flood-process.ts'
import type { SwapFigures } from './report.ts'
import { writeTwoVersions } from './two-versions.ts'

export interface BenchSwapOptions extends FloodedServiceOptions {
  /** Seconds of each slice. */
  readonly seconds: number
  /** Slices without swaps, and as many with. */
  readonly rounds: number
  /** Told after each slice. */
  readonly onProgress?: OnProgress
}

/** Of the capacity that was measured at the start. */
const SHARE = 0.5

/**
 * The service at half of what it can take, in slices by turns: left alone, and with one model swapped for another all
 * the time, the next swap beginning as soon as the one before is done, which is the worst that an operator could do.
 */
export async function benchSwap (
  { bundle, seconds, rounds, onProgress, ...options }: BenchSwapOptions
): Promise<SwapFigures> {
  const root = await mkdtemp(join(tmpdir(), 'isthmus-swap-'))
  try {
    const versions = await writeTwoVersions(bundle, root)
    return await withFloodedService({ ...options, bundle: root }, async ({ port, capacity, cores, flood }) => {
      const perSecond = SHARE * capacity
      const still: FloodAnswer[] = []
      const swapping: FloodAnswer[] = []
      const swapSeconds: number[] = []
      for (let round = 0; round < rounds; round++) {
        still.push(await flood(perSecond, seconds))
        onProgress?.(2 * round + 1, 2 * rounds, 'left alone')
        const over = new AbortController()
        const flooded = flood(perSecond, seconds).finally(() => over.abort())
        while (!over.signal.aborted) {
          const from = performance.now()
          await activate(port, versions[(swapSeconds.length + 1) % 2]!)
          swapSeconds.push((performance.now() - from) / 1000)
        }
        swapping.push(await flooded)
        onProgress?.(2 * round + 2, 2 * rounds, 'swapped all the time')
      }
      return { capacity, perSecond, cores, still, swapping, swapSeconds }
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function activate (port: number, version: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/models/activate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version, allowOlder: true }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the service refused a swap: ${text}`)
}
