import { createAdam } from '../../src/nn/adam.ts'
import { createDropout } from '../../src/nn/dropout.ts'
import { type Backend, loadTf } from '../../src/nn/tf.ts'
import { trainStep } from '../../src/train/step.ts'
import { answerParent } from '../child.ts'
import { median } from '../statistics.ts'
import { madeUpLog } from '../train/made-up-log.ts'
import { LENGTH, makeProblem } from '../train/problem.ts'
import type { StepFigures } from './report.ts'

export interface TrainingQuestion { readonly backend: Backend, readonly steps: number }

const ITEMS = 10_000
const BATCH = 128
/** Kernels of a GPU are compiled when they are first used. */
const WARM = 2

// A backend's own process: one that is on a GPU keeps all of its memory.
answerParent(async ({ backend, steps }: TrainingQuestion): Promise<StepFigures> => {
  const { tf, close } = await loadTf(backend)
  const problem = makeProblem({
    system: 'llm4cdsr',
    batchSize: BATCH,
    log: madeUpLog({ users: (steps + WARM) * BATCH, items: ITEMS, longest: LENGTH }),
  })
  const { texts, settings, phase, spec, weights, batches } = problem
  const adam = createAdam({ learningRate: settings.learningRate })
  const dropout = createDropout(tf, { rate: 0, seed: 1 })
  const parts = { tf, spec, settings, phase, texts, weights, adam, dropout }
  const times: number[] = []
  const losses: number[] = []
  for (const batch of batches) {
    const start = performance.now()
    losses.push(trainStep(parts, batch).get('loss')!)
    times.push(performance.now() - start)
  }
  dropout.dispose()
  close()
  return { ms: median(times.slice(WARM)), losses }
}, async () => {})
