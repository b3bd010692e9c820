import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/paths.ts'
import { STEP_SYSTEMS } from './step-systems.ts'
import type { StepSystem } from './step-systems.ts'

const run = promisify(execFile)

/** Fixed, so that figures of different days compare. PyPI's build for Linux brings CUDA along and runs without. */
const TORCH = 'torch==2.7.1'

/** What a step took: milliseconds on the wall, and of all threads' CPU time. */
export interface StepTime { readonly wall: number, readonly cpu: number, readonly loss: number }

/** The model in PyTorch, in a Python process that answers one question at a time. */
export interface TorchProcess {
  readonly version: string
  /** The losses of the first steps without dropout, which a copy takes: the model stays as it is. */
  losses: (steps: number) => Promise<number[]>
  step: (batch: number) => Promise<StepTime>
  close: () => void
}

/**
 * The Python of a virtual environment with PyTorch under .cache, made with pip where it is not there yet (a download of
 * some gigabytes, once). Fails with what pip said.
 */
export async function torchPython (say: (message: string) => void): Promise<string> {
  const folder = join(packageRoot, '.cache/bench-torch')
  const python = join(folder, 'bin/python')
  const hasTorch = existsSync(python) && await run(python, ['-c', 'import torch']).then(() => true, () => false)
  if (!hasTorch) {
    say(`installing ${TORCH} and numpy into ${folder}; this takes minutes`)
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', TORCH, 'numpy'])
  }
  return python
}

/** @param folder what `writeProblem` left */
export async function startTorch (
  python: string, system: StepSystem, folder: string, threads: number
): Promise<TorchProcess> {
  const script = join(packageRoot, 'bench/train', STEP_SYSTEMS[system].script)
  // -B: no __pycache__ beside the sources.
  const child: ChildProcess = spawn(python, ['-B', script, folder, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the PyTorch process ended')
    return JSON.parse(value) as T
  }
  const ask = async <T>(question: object): Promise<T> => {
    child.stdin!.write(`${JSON.stringify(question)}\n`)
    return await next<T>()
  }
  const { version } = await next<{ version: string }>()
  return {
    version,
    losses: async (steps) => (await ask<{ losses: number[] }>({ losses: steps })).losses,
    step: async (batch) => await ask<StepTime>({ step: batch }),
    close: () => { child.stdin!.end() },
  }
}
