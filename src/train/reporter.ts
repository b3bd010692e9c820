import { duration, startProgress } from '../progress.ts'
import type { Progress } from '../progress.ts'
import type { TrainReporter } from './loop.ts'

/** One progress line an epoch, with its rate and the time it still takes, closed by what validation said. */
export function progressReporter (
  epochs: number, { out = process.stderr }: { out?: NodeJS.WritableStream & { isTTY?: boolean } } = {}
): TrainReporter {
  let line: Progress | undefined
  let resumedAt = 0
  return {
    epochStarts (epoch, steps, done) {
      resumedAt = done
      line = startProgress({ label: `epoch ${epoch}/${epochs}`, total: steps - done, unit: 'steps', out })
    },
    stepDone (done, loss) {
      line?.update(done - resumedAt, `loss ${loss.toFixed(4)}`)
    },
    epochEnds ({ epoch, losses, metrics }, best, seconds) {
      const left = epochs > epoch ? `, at most ${duration((epochs - epoch) * seconds)} left` : ''
      line?.finish(`loss ${losses['loss']!.toFixed(4)}, validation NDCG@10 ${metrics['ndcg10']!.toFixed(4)} ` +
        `(best ${best.ndcg10.toFixed(4)} in epoch ${best.epoch})${left}`)
    },
  }
}
