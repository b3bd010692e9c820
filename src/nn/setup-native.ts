import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { missingTools, runTool } from '../tools/run-tool.ts'
import { downloadWheel, WHEEL_TOOLS } from '../tools/wheel.ts'
import { nativeCache, nativeFolder, TENSORFLOW_VERSION, TFJS_VERSION, type NativeFlavor } from './native-cache.ts'

export interface NativeBuild {
  readonly folder: string
  /** False if an earlier build was there. */
  readonly built: boolean
}

interface BuildOptions {
  readonly flavor: NativeFlavor
  /** Told what is being done, a line each. */
  readonly say: (line: string) => void
  /** Told as each part of a build begins: how many are done, of how many. */
  readonly onPart?: (done: number, total: number, what: string) => void
  readonly environment?: NodeJS.ProcessEnv
}

const ADDONS = { cpu: '@tensorflow/tfjs-node', gpu: '@tensorflow/tfjs-node-gpu' } as const

/** CUDA libraries that TensorFlow's wheel for GPUs loads from beside itself. */
const CUDA_PARTS = [
  'cublas', 'cuda-runtime', 'cuda-nvrtc', 'cuda-nvcc', 'cuda-cupti', 'cudnn', 'cufft', 'curand', 'cusolver', 'cusparse',
  'nccl', 'nvjitlink',
]

/**
 * Builds TensorFlow.js's native addon from npm and PyPI alone, into the cache where `loadTf` finds it: the npm package
 * without its install script (which downloads from elsewhere), the C library out of TensorFlow's Python wheel, and the
 * addon compiled against both. An earlier build that loads is kept. Needs python3 with pip, unzip, make, a C++ compiler
 * and Node's headers; Linux on x64. Fails with `backend_unavailable`, naming every missing tool before anything is
 * downloaded, or the command that failed. A build that failed leaves nothing in its place.
 */
export async function setupNative (
  { flavor, say, onPart = () => {}, environment = process.env }: BuildOptions
): Promise<NativeBuild> {
  const folder = nativeFolder(flavor, environment)
  if (existsSync(folder)) {
    try {
      await tryAddon(flavor, folder, environment)
      return { folder, built: false }
    } catch {
      say(`${folder} does not load; it is built anew`)
    }
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new IsthmusError('backend_unavailable', 'The native addon is built on Linux x64 only; wasm is used elsewhere')
  }
  await requireTools(environment)
  const cache = nativeCache(environment)
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, '.build-'))
  try {
    await build(work, flavor, { onPart, environment })
    await rm(folder, { recursive: true, force: true })
    await rename(work, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return { folder, built: true }
}

async function build (
  work: string, flavor: NativeFlavor, { onPart, environment }: Required<Pick<BuildOptions, 'onPart' | 'environment'>>
): Promise<void> {
  const name = ADDONS[flavor]
  const addon = join(work, 'node_modules', name)
  const run = async (command: string, args: string[], folder = work): Promise<void> => {
    await runCommand(command, args, folder, environment)
  }

  const parts = flavor === 'gpu' ? 5 : 4
  onPart(0, parts, `npm: ${name} ${TFJS_VERSION}`)
  await writeFile(join(work, 'package.json'), '{"private":true}\n')
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${TFJS_VERSION}`])

  const wheelName = flavor === 'gpu' ? 'tensorflow' : 'tensorflow-cpu'
  onPart(1, parts, `PyPI: ${wheelName} ${TENSORFLOW_VERSION}`)
  const wheel = await downloadWheel(
    wheelName, TENSORFLOW_VERSION, { cwd: work, environment, code: 'backend_unavailable' })
  const headers = ['tensorflow', 'tsl', 'xla', 'absl'].map((part) => `tensorflow/include/${part}/*`)
  const wanted = ['tensorflow/libtensorflow_*.so.2', ...headers]
  await run('unzip', ['-q', '-o', wheel, ...wanted, '-d', 'unpacked'])

  const lib = join(addon, 'deps/lib')
  await rm(join(addon, 'deps'), { recursive: true, force: true })
  await mkdir(lib, { recursive: true })
  await rename(join(work, 'unpacked/tensorflow/include'), join(addon, 'deps/include'))
  for (const part of ['cc', 'framework']) {
    await rename(join(work, `unpacked/tensorflow/libtensorflow_${part}.so.2`), join(lib, `libtensorflow_${part}.so.2`))
  }
  await symlink('libtensorflow_cc.so.2', join(lib, 'libtensorflow.so'))
  await symlink('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'))
  // The addon's install step looks for this name, and then leaves its download out.
  await symlink('libtensorflow_cc.so.2', join(lib, 'libtensorflow.so.2.9.1'))
  if (flavor === 'gpu') {
    onPart(2, parts, 'PyPI: CUDA libraries (about 3 GB)')
    const wheels = CUDA_PARTS.map((part) => `nvidia-${part}-cu12`)
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', join(addon, 'deps'), ...wheels])
  }

  onPart(parts - 2, parts, 'compiling the addon')
  await run(join(work, 'node_modules/.bin/node-pre-gyp'), ['install', '--build-from-source'], addon)
  for (const leftover of ['wheels', 'unpacked']) await rm(join(work, leftover), { recursive: true, force: true })
  for (const leftover of ['deps/include', 'build']) await rm(join(addon, leftover), { recursive: true, force: true })
  onPart(parts - 1, parts, 'trying it')
  await tryAddon(flavor, work, environment)
}

/** Loads the addon in a process of its own, and computes something with it. */
async function tryAddon (flavor: NativeFlavor, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const script = `require('node:util').isNullOrUndefined ??= (value) => value == null
    require('${ADDONS[flavor]}').tensor([1]).dataSync()`
  await runCommand(process.execPath, ['-e', script], folder, environment)
}

async function requireTools (environment: NodeJS.ProcessEnv): Promise<void> {
  const compiler = environment.CXX ?? 'g++'
  const missing = await missingTools({
    npm: ['npm', '--version'],
    ...WHEEL_TOOLS,
    make: ['make', '--version'],
    [`a C++ compiler (${compiler})`]: [compiler, '--version'],
  }, { environment, code: 'backend_unavailable' })
  if (missing.length === 0) return
  throw new IsthmusError('backend_unavailable',
    `The native addon cannot be built here; missing: ${missing.join(', ')}. Training runs on wasm without it`)
}

async function runCommand (
  command: string, args: string[], cwd: string, environment: NodeJS.ProcessEnv
): Promise<void> {
  await runTool(command, args, { cwd, environment: buildEnvironment(environment), code: 'backend_unavailable' })
}

/** Node's headers from beside the running Node where they are, so that node-gyp need not download them. */
function buildEnvironment (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const prefix = environment.NODEDIR ?? dirname(dirname(process.execPath))
  const headers = existsSync(join(prefix, 'include/node/node_api.h'))
  return { TF_CPP_MIN_LOG_LEVEL: '2', ...environment, ...(headers ? { npm_config_nodedir: prefix } : {}) }
}
