import { spawnSync } from 'node:child_process'
import { cudaLibraryPath } from '../../src/encode/cuda-libraries.ts'
import { loadTf, type Backend } from '../../src/nn/tf.ts'
import type { OnProgress } from '../../src/progress.ts'
import { startChild } from '../child.ts'
import type { ComputeQuestion } from './compute-process.ts'
import type { ComputeFigures, GpuFigures, StepFigures } from './report.ts'
import type { TrainingQuestion } from './training-process.ts'

export interface GpuCheckOptions extends ComputeQuestion {
  /** Of training, on each processor. */
  readonly steps: number
  /** Told as each part begins. */
  readonly onPart?: OnProgress
}

const PARTS = 3

/** Looks at the machine's GPU: what loads, whether it computes what the CPU does, and how fast. */
export async function gpuCheck ({ steps, onPart = () => {}, ...sizes }: GpuCheckOptions): Promise<GpuFigures> {
  onPart(0, PARTS, 'encoder and exact search')
  const compute = await asked<ComputeQuestion, ComputeFigures>('bench/gpu/compute-process.ts', sizes)
  const step = async (backend: Backend, part: number): Promise<StepFigures | { why: string }> => {
    const why = await whyNot(backend)
    if (why !== undefined) return { why }
    onPart(part, PARTS, `training steps on ${backend}`)
    return await asked<TrainingQuestion, StepFigures>('bench/gpu/training-process.ts', { backend, steps })
  }
  return { card: card(), compute, cpuStep: await step('native', 1), gpuStep: await step('native-gpu', 2) }
}

/** A process of its own for each: LD_LIBRARY_PATH is read once, when a process starts. */
async function asked<Q, A> (module: string, question: Q): Promise<A> {
  const paths = [process.env.LD_LIBRARY_PATH, cudaLibraryPath()].filter((path) => path !== undefined && path !== '')
  const child = startChild<Q, A>(module, [], undefined, { ...process.env, LD_LIBRARY_PATH: paths.join(':') })
  try {
    return await child.ask(question)
  } finally {
    await child.stop()
  }
}

async function whyNot (backend: Backend): Promise<string | undefined> {
  try {
    const { close } = await loadTf(backend)
    close()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function card (): string | undefined {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8' })
  return status === 0 ? stdout.trim().split('\n', 1)[0] : undefined
}
