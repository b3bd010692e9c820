import { faultOf } from '../../errors.ts'
import { loadTf } from '../../nn/tf.ts'
import { mostEpochs } from '../../systems/settings.ts'
import type { TrainReporter } from '../../train/loop.ts'
import { evaluateRun } from '../evaluate.ts'
import { trainStep } from '../train.ts'
import type { CellReply, CellRequest } from './cell-protocol.ts'

/** The process of one cell: trains, evaluates where asked to, tells of every epoch, and goes. */

const stop = new AbortController()

// A terminal's Ctrl-C reaches the whole group; whoever started us says what is to happen then.
process.on('SIGINT', () => {})
process.on('disconnect', () => { stop.abort() })
process.on('message', (request: CellRequest) => {
  if (request.kind === 'stop') stop.abort()
  else work(request).catch((error: unknown) => { throw error })
})

async function work ({ cell, folders, backend }: CellRequest & { kind: 'work' }): Promise<void> {
  const { run, evaluation } = folders
  const openTf = () => loadTf(backend)
  const { signal } = stop
  try {
    await trainStep({
      input: cell.embeddings,
      out: run,
      settings: cell.train,
      openTf,
      signal,
      reporter: (settings) => reporter(mostEpochs(settings)),
    })
    if (cell.evaluate !== undefined) {
      await evaluateRun({ run, out: evaluation, settings: cell.evaluate, openTf, signal })
    }
    await tell({ kind: 'done' })
  } catch (error) {
    await tell({ kind: 'failed', fault: faultOf(error) })
  }
  process.exit()
}

function reporter (epochs: number): TrainReporter {
  return {
    epochStarts () {},
    stepDone () {},
    epochEnds ({ epoch }, { ndcg10 }) {
      process.send?.({ kind: 'epoch', epoch, epochs, best: ndcg10 } satisfies CellReply, onceSent)
    },
  }
}

/** The last word; nobody may be listening any more. */
function tell (reply: CellReply): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!(reply, () => { resolve() })
    else resolve()
  })
}

/** Whoever asked may be gone; then this stops by the signal of `disconnect`. */
function onceSent (): void {}
