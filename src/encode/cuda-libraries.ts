import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../paths.ts'

const require = createRequire(import.meta.url)

/** Version of the onnxruntime-node that is installed: its CUDA provider has to be of the same one. */
export function ortVersion (): string {
  return (require('onnxruntime-node/package.json') as { version: string }).version
}

/** The folder of ONNX Runtime's own library, beside which it looks for its providers. */
export function ortBinaries (): string {
  const root = dirname(require.resolve('onnxruntime-node/package.json'))
  return join(root, 'bin/napi-v6', process.platform, process.arch)
}

/** Where `npm run setup:cuda` keeps what it fetches: outside node_modules, which `npm ci` empties. */
export function cudaCache (environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(environment), 'cuda')
}

/** The folder that LD_LIBRARY_PATH has to name, before the process starts: a running one cannot add to it. */
export function cudaLibraryPath (environment?: NodeJS.ProcessEnv): string {
  return join(cudaCache(environment), 'lib')
}

export const CUDA_PROVIDER = 'libonnxruntime_providers_cuda.so'

/**
 * Why ONNX Runtime's CUDA provider does not load, where the file system can tell: the runtime itself says only that it
 * does not. Undefined where all libraries are there. Takes some milliseconds: it asks the dynamic linker.
 */
export function missingCuda (
  binaries = ortBinaries(), environment: NodeJS.ProcessEnv = process.env
): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is there on Linux x64 alone'
  const provider = join(binaries, CUDA_PROVIDER)
  if (!existsSync(provider)) return 'its provider library is not there (npm run setup:cuda brings it)'
  const { stdout } = spawnSync('ldd', [provider], { encoding: 'utf8', env: environment })
  const missing = [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!)
  if (missing.length === 0) return undefined
  const libraries = missing.filter((name) => !name.startsWith(DRIVER))
  const driver = libraries.length < missing.length ? ['the NVIDIA driver'] : []
  const advice = `; where npm run setup:cuda was run, LD_LIBRARY_PATH has to name ${cudaLibraryPath(environment)}`
  return `missing: ${[...libraries, ...driver].join(', ')}${libraries.length === 0 ? '' : advice}`
}

const DRIVER = 'libcuda.so'
