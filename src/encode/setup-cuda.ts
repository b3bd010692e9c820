import { existsSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { missingTools, runTool } from '../tools/run-tool.ts'
import { downloadWheel, WHEEL_TOOLS } from '../tools/wheel.ts'
import { CUDA_PROVIDER, cudaCache, cudaLibraryPath, ortBinaries, ortVersion } from './cuda-libraries.ts'

export interface CudaSetup {
  /** What LD_LIBRARY_PATH has to name. */
  readonly libraryPath: string
  /** How many packages were fetched now; 0 where all were there. */
  readonly fetched: number
}

export interface CudaSetupOptions {
  /** Told of what is unusual, a line each. */
  readonly say: (line: string) => void
  /** Told as each package begins: how many were fetched, of how many. */
  readonly onPart?: (done: number, total: number, what: string) => void
  readonly environment?: NodeJS.ProcessEnv
  /** Where the provider is put. */
  readonly binaries?: string
  readonly signal?: AbortSignal
}

/** A wheel of PyPI, and which of its files are wanted. */
interface Wheel { readonly name: string, readonly version: string, readonly files: readonly string[] }

const LIBRARIES = ['nvidia/*/lib/*.so*']
/** What the provider links to and opens: CUDA 13 and cuDNN 9, as the wheel of ONNX Runtime 1.30 names them. */
const CUDA_WHEELS: readonly Wheel[] = [
  { name: 'nvidia-cuda-runtime', version: '13.0.96', files: LIBRARIES },
  { name: 'nvidia-cublas', version: '13.1.0.3', files: LIBRARIES },
  { name: 'nvidia-curand', version: '10.4.0.35', files: LIBRARIES },
  { name: 'nvidia-cufft', version: '12.0.0.61', files: LIBRARIES },
  { name: 'nvidia-cuda-nvrtc', version: '13.0.88', files: LIBRARIES },
  { name: 'nvidia-cudnn-cu13', version: '9.13.1.26', files: LIBRARIES },
]
const PROVIDER_FILES = [CUDA_PROVIDER, 'libonnxruntime_providers_shared.so']

/**
 * Puts the CUDA provider of the ONNX Runtime that is installed in its place, and the libraries it needs beside each
 * other in the cache, from PyPI alone (about 1.6 GB): npm's package would fetch them from elsewhere. Each package that
 * is there is kept, so that a stopped run goes on; after `npm ci` it only links again. Needs python3 with pip, and
 * unzip; Linux on x64, and at run time an NVIDIA driver for CUDA 13. Fails with `provider_unavailable`, naming every
 * missing tool before anything is downloaded, or the command that failed.
 */
export async function setupCuda (
  { say, onPart = () => {}, environment = process.env, binaries = ortBinaries(), signal }: CudaSetupOptions
): Promise<CudaSetup> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new IsthmusError('provider_unavailable', 'ONNX Runtime has CUDA on Linux x64 only')
  }
  const cache = cudaCache(environment)
  const provider: Wheel = {
    name: 'onnxruntime-gpu', version: ortVersion(), files: PROVIDER_FILES.map((file) => `onnxruntime/capi/${file}`),
  }
  const wheels = [provider, ...CUDA_WHEELS]
  const folderOf = ({ name, version }: Wheel): string => join(cache, `${name}-${version}`)
  const absent = wheels.filter((wheel) => !existsSync(folderOf(wheel)))
  if (absent.length > 0) await requireTools(environment)
  await mkdir(cache, { recursive: true })
  for (const [i, wheel] of absent.entries()) {
    onPart(i, absent.length, `PyPI: ${wheel.name} ${wheel.version}`)
    try {
      await fetchWheel(wheel, folderOf(wheel), environment)
    } catch (error) {
      // A terminal's Ctrl-C has ended pip as well.
      if (signal?.aborted !== true) throw error
    }
    if (signal?.aborted === true) {
      throw new IsthmusError('interrupted', 'what was fetched whole is kept; the same command goes on')
    }
  }

  const lib = cudaLibraryPath(environment)
  await rm(lib, { recursive: true, force: true })
  await mkdir(lib)
  for (const folder of CUDA_WHEELS.map(folderOf)) {
    for (const file of await readdir(folder)) await symlink(join('..', basename(folder), file), join(lib, file))
  }
  for (const file of PROVIDER_FILES) {
    const place = join(binaries, file)
    const found = await lstat(place).catch(() => undefined)
    if (found?.isSymbolicLink() === false) say(`${place} was another build's, and is replaced`)
    await rm(place, { force: true })
    await symlink(join(folderOf(provider), file), place)
  }
  return { libraryPath: lib, fetched: absent.length }
}

async function fetchWheel (
  { name, version, files }: Wheel, folder: string, environment: NodeJS.ProcessEnv
): Promise<void> {
  const work = await mkdtemp(join(folder, '../.fetch-'))
  const options = { cwd: work, environment, code: 'provider_unavailable' } as const
  try {
    const wheel = await downloadWheel(name, version, options)
    await runTool('unzip', ['-q', '-j', wheel, ...files, '-d', 'files'], options)
    await rename(join(work, 'files'), folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function requireTools (environment: NodeJS.ProcessEnv): Promise<void> {
  const missing = await missingTools(WHEEL_TOOLS, { environment, code: 'provider_unavailable' })
  if (missing.length === 0) return
  throw new IsthmusError('provider_unavailable', `CUDA's libraries cannot be fetched here; missing: ${missing.join(', ')}`)
}
