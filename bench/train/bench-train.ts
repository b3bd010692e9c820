import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdam } from '../../src/nn/adam.ts'
import { createDropout } from '../../src/nn/dropout.ts'
import { type Backend, loadTf } from '../../src/nn/tf.ts'
import { openEmbedded } from '../../src/pipeline/embed.ts'
import type { OnProgress } from '../../src/progress.ts'
import { copyWeights } from '../../src/train/state.ts'
import { trainStep } from '../../src/train/step.ts'
import { madeUpLog } from './made-up-log.ts'
import { LENGTH, makeProblem } from './problem.ts'
import { writeProblem } from './problem-files.ts'
import type { Memory, TrainFigures } from './report.ts'
import type { StepSystem } from './step-systems.ts'
import { startTorch, type StepTime, torchPython, type TorchProcess } from './torch-process.ts'

export interface BenchTrainOptions {
  readonly system: StepSystem
  readonly backend: Backend
  readonly threads: number
  /** What is trained on, a made-up log of so many full batches and items, or what `embed` left in a folder. */
  readonly log: { readonly steps: number, readonly items: number } | { readonly folder: string }
  readonly batchSize: number
  readonly say: (message: string) => void
  /** Told after each step of both sides. */
  readonly onProgress?: OnProgress
}

const WARM_STEPS = 3
/** Steps whose losses are compared: the second and third say whether both descend alike. */
const COMPARED_STEPS = 3

/**
 * Steps of a system on one of our backends and in PyTorch, in turns, from the same weights and on the same batches;
 * and what memory does over them. PyTorch is left out where it cannot be installed, and the figures say why.
 */
export async function benchTrain (
  { system, backend, threads, log: of, batchSize, say, onProgress }: BenchTrainOptions
): Promise<TrainFigures> {
  // Read by TensorFlow when it loads.
  process.env.TF_NUM_INTRAOP_THREADS = process.env.TF_NUM_INTEROP_THREADS = String(threads)
  const { tf, close } = await loadTf(backend)
  const log = 'folder' in of
    ? await openEmbedded(of.folder).then(({ dataset, embeddings }) => ({ dataset, texts: embeddings }))
    : madeUpLog({ users: of.steps * batchSize, items: of.items, longest: LENGTH })
  const problem = makeProblem({ system, batchSize, log })
  const { texts, profiles, settings, phase, spec, weights, batches, batchMs } = problem

  const folder = await mkdtemp(join(tmpdir(), 'isthmus-bench-'))
  let torch: TorchProcess | undefined
  let withoutTorch: string | undefined
  try {
    await writeProblem(folder, problem)
    torch = await torchPython(say).then(
      async (python) => await startTorch(python, system, folder, threads),
      (error: unknown) => {
        withoutTorch = `it cannot be installed here: ${error instanceof Error ? error.message : String(error)}`
        return undefined
      })

    const { learningRate } = settings
    const parts = { tf, spec, settings, phase, texts, profiles }
    const undisturbed = {
      ...parts,
      weights: copyWeights(weights),
      adam: createAdam({ learningRate }),
      dropout: createDropout(tf, { rate: 0, seed: 1 }),
    }
    const first = batches.slice(0, COMPARED_STEPS).map((batch) => trainStep(undisturbed, batch).get('loss')!)
    const losses = { ours: first, torch: await torch?.losses(first.length) }

    const adam = createAdam({ learningRate })
    const dropout = createDropout(tf, { rate: settings.dropout, seed: 1 })
    const ourStep = (at: number): StepTime => {
      const cpu = process.cpuUsage()
      const start = performance.now()
      dropout.at(1, at)
      const loss = trainStep({ ...parts, weights, adam, dropout }, batches[at]!).get('loss')!
      const { user, system } = process.cpuUsage(cpu)
      return { wall: performance.now() - start, cpu: (user + system) / 1000, loss }
    }
    for (let step = 0; step < Math.min(WARM_STEPS, batches.length); step++) {
      ourStep(step)
      await torch?.step(step)
    }
    const memory = (): Memory => ({ rssMiB: process.memoryUsage.rss() / 2 ** 20, tensors: tf.memory().numTensors })
    const memories = [memory()]
    const ours: StepTime[] = []
    const theirs: StepTime[] = []
    for (const step of batches.keys()) {
      ours.push(ourStep(step))
      if (torch !== undefined) theirs.push(await torch.step(step))
      onProgress?.(step + 1, batches.length)
      if (step + 1 === batches.length || step + 1 === Math.ceil(batches.length / 2)) memories.push(memory())
    }
    dropout.dispose()
    return {
      system,
      backend,
      threads,
      batchSize,
      ...('folder' in of && { epochOf: { users: log.dataset.users.length, items: log.dataset.items.length } }),
      ours,
      torch: torch && { version: torch.version, steps: theirs },
      ...(withoutTorch !== undefined && { withoutTorch }),
      losses,
      batchMs,
      memory: memories,
    }
  } finally {
    torch?.close()
    await rm(folder, { recursive: true, force: true })
    close()
  }
}
