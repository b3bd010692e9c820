import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CUDA_PROVIDER, cudaCache, cudaLibraryPath, missingCuda, ortVersion } from '../../src/encode/cuda-libraries.ts'
import { setupCuda } from '../../src/encode/setup-cuda.ts'

const PACKAGES = 7

let folder: string
let binaries: string
let environment: NodeJS.ProcessEnv
let said: string[]
let parts: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-cuda-'))
  binaries = join(folder, 'binaries')
  environment = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, XDG_CACHE_HOME: join(folder, 'cache') }
  said = []
  parts = []
  mkdirSync(binaries)
  mkdirSync(join(folder, 'bin'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const setup = (signal?: AbortSignal) =>
  setupCuda({
    say: (line) => said.push(line),
    onPart: (done, total, what) => parts.push(`${done} of ${total}: ${what}`),
    environment,
    binaries,
    ...(signal && { signal }),
  })

function tool (name: string, script: string): void {
  const path = join(folder, 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

/** A pip whose wheels are named after their packages, and an unzip that finds a library of that name in each. */
function tools ({ broken = '' } = {}): void {
  tool('python3', `
    for last; do :; done
    case "$last" in --version) exit 0;; ${broken || 'no-package'}==*) echo no such wheel; exit 1;; esac
    mkdir -p wheels && echo "$*" > "wheels/\${last%%==*}.whl"`)
  tool('unzip', `
    [ "$1" = -v ] && exit 0
    mkdir -p files && name=$(basename "$3" .whl)
    if [ "$name" = onnxruntime-gpu ]; then for wanted in "$4" "$5"; do echo "$name" > "files/$(basename "$wanted")"; done
    else echo "$name" > "files/lib$name.so.1"; fi`)
}

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('setup:cuda', () => {
  it('puts the provider of this very ONNX Runtime in its place, and its libraries beside each other', async () => {
    tools()
    writeFileSync(join(binaries, CUDA_PROVIDER), 'of npm')
    expect(await setup()).toEqual({ libraryPath: cudaLibraryPath(environment), fetched: PACKAGES })
    expect(readFileSync(join(binaries, CUDA_PROVIDER), 'utf8')).toBe('onnxruntime-gpu\n')
    expect(readdirSync(binaries).sort()).toEqual([CUDA_PROVIDER, 'libonnxruntime_providers_shared.so'])
    expect(readlinkSync(join(binaries, CUDA_PROVIDER))).toContain(`onnxruntime-gpu-${ortVersion()}`)
    const libraries = readdirSync(cudaLibraryPath(environment))
    expect(libraries).toHaveLength(PACKAGES - 1)
    expect(readFileSync(join(cudaLibraryPath(environment), 'libnvidia-cublas.so.1'), 'utf8')).toBe('nvidia-cublas\n')
    expect(parts[0]).toBe(`0 of ${PACKAGES}: PyPI: onnxruntime-gpu ${ortVersion()}`)
    expect(parts).toHaveLength(PACKAGES)
    expect(said).toEqual([expect.stringContaining("was another build's, and is replaced")])
  })

  it('fetches nothing again, and links again after npm ci', async () => {
    tools()
    await setup()
    rmSync(binaries, { recursive: true })
    mkdirSync(binaries)
    tool('python3', 'exit 1')
    expect(await setup()).toMatchObject({ fetched: 0 })
    expect(existsSync(join(binaries, CUDA_PROVIDER))).toBe(true)
  })

  it('says which package failed and what pip said, and goes on there the next time', async () => {
    tools({ broken: 'nvidia-curand' })
    await expect(setup()).rejects.toMatchObject({
      code: 'provider_unavailable', message: expect.stringContaining('no such wheel'),
    })
    expect(readdirSync(cudaCache(environment)).filter((name) => name.startsWith('.'))).toEqual([])
    expect(readdirSync(binaries)).toEqual([])
    tools()
    parts = []
    expect(await setup()).toMatchObject({ fetched: 4 })
    expect(parts[0]).toMatch(/^0 of 4: PyPI: nvidia-curand /)
  })

  it('stops between two packages, and keeps what it has', async () => {
    tools()
    const stop = new AbortController()
    stop.abort()
    await expect(setup(stop.signal)).rejects.toMatchObject({ code: 'interrupted' })
    expect(await setup()).toMatchObject({ fetched: PACKAGES - 1 })
  })

  it('names every tool that is missing, before it fetches anything', async () => {
    environment.PATH = join(folder, 'bin')
    await expect(setup()).rejects.toMatchObject({
      code: 'provider_unavailable', message: /missing: python3, pip for python3, unzip$/,
    })
    expect(existsSync(cudaCache(environment))).toBe(false)
  })
})

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('why CUDA does not load', () => {
  const linked = (lines: string): void => {
    writeFileSync(join(binaries, CUDA_PROVIDER), '')
    tool('ldd', `cat <<'END'\n${lines}\nEND`)
  }

  it('is the provider that is not there', () => {
    expect(missingCuda(binaries, environment)).toBe('its provider library is not there (npm run setup:cuda brings it)')
  })

  it('is each library that the dynamic linker does not find, and where they would be', () => {
    linked('\tlibcublasLt.so.13 => not found\n\tlibcudart.so.13 => not found\n\tlibcuda.so.1 => not found\n' +
      '\tlibm.so.6 => /lib/libm.so.6 (0x0)')
    expect(missingCuda(binaries, environment)).toBe('missing: libcublasLt.so.13, libcudart.so.13, the NVIDIA driver; where ' +
      `npm run setup:cuda was run, LD_LIBRARY_PATH has to name ${cudaLibraryPath(environment)}`)
  })

  it('is the driver alone, where all that can be fetched is there', () => {
    linked('\tlibcublasLt.so.13 => /cache/libcublasLt.so.13 (0x0)\n\tlibcuda.so.1 => not found')
    expect(missingCuda(binaries, environment)).toBe('missing: the NVIDIA driver')
    linked('\tlibcuda.so.1 => /lib/libcuda.so.1 (0x0)')
    expect(missingCuda(binaries, environment)).toBeUndefined()
  })
})
