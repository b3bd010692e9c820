import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/paths.ts'

const run = promisify(execFile)

/** Fixed, so that figures of different days compare. */
const PACKAGES = [
  'fastapi==0.165.0', 'uvicorn[standard]==0.54.0', 'onnxruntime==1.30.0', 'hnswlib==0.8.0', 'numpy==2.4.6',
]

/** What a peer searches with: numpy over all items, or the index of the bundle. */
export type PeerSearch = 'exact' | 'hnsw'

export interface Peer {
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
}

/**
 * The Python of a virtual environment under .cache, made with pip where it is not there yet. Fails with what pip said.
 */
export async function peerPython (say: (message: string) => void): Promise<string> {
  const folder = join(packageRoot, '.cache/bench-peers')
  const python = join(folder, 'bin/python')
  const check = 'import fastapi, uvicorn, uvloop, httptools, onnxruntime, hnswlib, numpy'
  if (!existsSync(python) || !await run(python, ['-c', check]).then(() => true, () => false)) {
    say(`installing ${PACKAGES.join(', ')} into ${folder}; hnswlib is compiled`)
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES])
  }
  return python
}

/** FastAPI on a free port of loopback, in one process. @param dir one version of a bundle */
export async function startPeer (python: string, dir: string, search: PeerSearch, cores?: string): Promise<Peer> {
  const script = join(packageRoot, 'bench/peers/fastapi_server.py')
  const [command, ...before] = cores === undefined ? [python] : ['taskset', '--cpu-list', cores, python]
  const child = spawn(command!, [...before, script, dir, search], {
    stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  const gone = once(child, 'exit')
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
    gone.then(() => { throw new Error('the FastAPI process ended before it listened') }),
  ])
  return {
    port: Number(first[0]),
    pid: child.pid!,
    async stop () {
      child.stdin.end()
      await gone
    },
  }
}
