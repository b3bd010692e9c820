import type * as Tfjs from '@tensorflow/tfjs'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import nodeUtil from 'node:util'
import { IsthmusError } from '../errors.ts'
import { nativeFolder, type NativeFlavor } from './native-cache.ts'
import { patchNativeKernels } from './native-kernels.ts'
import { patchWasmKernels } from './wasm-kernels.ts'

export type Tf = typeof Tfjs
export type Tensor = Tfjs.Tensor

/** A way to run training, fastest first. `cpu` is for tiny tests: over 100 times slower than `native`. */
export const BACKENDS = ['native-gpu', 'native', 'wasm', 'cpu'] as const
export type Backend = typeof BACKENDS[number]

export interface LoadedTf {
  /** The library, with the backend chosen; use only this object, since a native addon brings its own. */
  readonly tf: Tf
  readonly backend: Backend
  /** Whether a GPU computes. */
  readonly gpu: boolean
  /** Gives the backend's memory back; every tensor is gone then. */
  readonly close: () => void
}

/** What a native addon's backend tells, besides what tfjs types. */
interface NativeBackend { readonly isUsingGpuDevice: boolean }

const require = createRequire(import.meta.url)

/**
 * TensorFlow.js on the first backend that loads: the native addon for GPUs, the one for CPUs (each from node_modules
 * or from the cache that `npm run setup:native` fills), wasm, cpu. A backend asked for by name and not there, or
 * `native-gpu` without a GPU, fails with `backend_unavailable`.
 */
export async function loadTf (wanted: 'auto' | Backend): Promise<LoadedTf> {
  if (wanted !== 'auto') return await load(wanted)
  for (const backend of BACKENDS) {
    try {
      return await load(backend)
    } catch (error) {
      if (!(error instanceof IsthmusError) || error.code !== 'backend_unavailable') throw error
    }
  }
  throw new IsthmusError('backend_unavailable', 'No training backend loads, not even cpu')
}

async function load (backend: Backend): Promise<LoadedTf> {
  if (backend === 'native-gpu') return await loadNative('gpu')
  if (backend === 'native') return await loadNative('cpu')
  const tf = require('@tensorflow/tfjs') as Tf
  if (backend === 'wasm') {
    require('@tensorflow/tfjs-backend-wasm')
    patchWasmKernels(tf)
  }
  return await start(tf, backend, backend)
}

async function loadNative (flavor: NativeFlavor): Promise<LoadedTf> {
  const name = flavor === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node'
  const backend: Backend = flavor === 'gpu' ? 'native-gpu' : 'native'
  const addon = openAddon(name, flavor)
  patchNativeKernels(addon)
  const loaded = await start(addon, 'tensorflow', backend)
  if (flavor === 'gpu' && !loaded.gpu) {
    loaded.close()
    throw new IsthmusError('backend_unavailable', `${name} loads but finds no GPU (driver, CUDA libraries?)`)
  }
  return loaded
}

function openAddon (name: string, flavor: NativeFlavor): Tf {
  restoreNodeUtil()
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  const failures: unknown[] = []
  for (const folder of [undefined, nativeFolder(flavor)]) {
    if (folder !== undefined && !existsSync(folder)) continue
    const from = folder === undefined ? require : createRequire(join(folder, 'package.json'))
    try {
      return from(name) as Tf
    } catch (error) {
      // Absent, or there without its compiled part: either way the next place is tried, and the causes are told.
      failures.push(error)
    }
  }
  throw new IsthmusError('backend_unavailable',
    `${name} is not installed; \`npm run setup:native${flavor === 'gpu' ? ' -- gpu' : ''}\` builds it`,
    { cause: new AggregateError(failures) })
}

/** The addon calls two functions that Node 23 removed (tensorflow/tfjs pull request 8425, not in a release yet). */
function restoreNodeUtil (): void {
  const isNullOrUndefined = (value: unknown): boolean => value === null || value === undefined
  const removed = { isNullOrUndefined, isArray: Array.isArray }
  for (const [name, value] of Object.entries(removed)) {
    if (!(name in nodeUtil)) Object.assign(nodeUtil, { [name]: value })
  }
}

async function start (tf: Tf, registered: string, backend: Backend): Promise<LoadedTf> {
  // Else the first tensor prints an advertisement for the native addon, and a second backend that all kernels of the
  // first are registered already; which backend is used is for the caller to say.
  tf.env().set('PROD', true)
  const ready = await tf.setBackend(registered)
  if (!ready) throw new IsthmusError('backend_unavailable', `The ${backend} backend does not start`)
  const gpu = 'isUsingGpuDevice' in tf.backend() && (tf.backend() as unknown as NativeBackend).isUsingGpuDevice
  const factory = tf.findBackendFactory(registered)
  return {
    tf,
    backend,
    gpu,
    close () {
      tf.removeBackend(registered)
      tf.registerBackend(registered, factory)
    },
  }
}
