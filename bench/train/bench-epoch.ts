import { type Backend, loadTf } from '../../src/nn/tf.ts'
import type { OnProgress } from '../../src/progress.ts'
import { resolveSettings } from '../../src/systems/settings.ts'
import { systemSpec } from '../../src/systems/spec.ts'
import { train } from '../../src/train/loop.ts'
import { madeUpLog } from './made-up-log.ts'
import type { EpochPart } from './report.ts'

export interface BenchEpochOptions {
  readonly backend: Backend
  readonly threads: number
  readonly system: string
  readonly epochs: number
  /** Told after each part of an epoch. */
  readonly onProgress?: OnProgress
}

/** Of an epoch: four of its steps, and validation. */
const PARTS = 5
/** As many as food-kitchen has. */
const SIZE = { users: 7144, items: 23_358, longest: 50, mixedLengths: true }

/** Trains whole epochs, validation and all, and says what memory the process holds after each part of them. */
export async function benchEpoch (
  { backend, threads, system, epochs, onProgress }: BenchEpochOptions
): Promise<EpochPart[]> {
  // Read by TensorFlow when it loads.
  process.env.TF_NUM_INTRAOP_THREADS = process.env.TF_NUM_INTEROP_THREADS = String(threads)
  const { tf, close } = await loadTf(backend)
  const { dataset, texts } = madeUpLog(SIZE)
  const settings = resolveSettings(system, 'product', texts.width, { epochs, patience: epochs, localInit: 'random' })
  const parts: EpochPart[] = []
  let [epoch, steps, since] = [0, 0, performance.now()]
  const note = (part: string): void => {
    const now = performance.now()
    const { rss } = process.memoryUsage()
    parts.push({ epoch, part, seconds: (now - since) / 1000, rssMiB: rss / 2 ** 20, tensors: tf.memory().numTensors })
    since = now
    onProgress?.(parts.length, epochs * PARTS, `epoch ${epoch}, ${part}`)
  }
  try {
    await train({ tf, dataset, texts, settings, spec: systemSpec(settings, dataset.domains) }, {
      reporter: {
        epochStarts: (number, count) => { [epoch, steps] = [number, count] },
        stepDone: (done) => {
          const quarter = [1, 2, 3, 4].find((n) => done === Math.ceil(n * steps / 4))
          if (quarter !== undefined) note(`steps, ${quarter} of 4 parts`)
        },
        epochEnds: () => note('validation'),
      },
    })
    return parts
  } finally {
    close()
  }
}
