import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nativeCache, nativeFolder } from '../../src/nn/native-cache.ts'
import { setupNative } from '../../src/nn/setup-native.ts'

let folder: string
let environment: NodeJS.ProcessEnv
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-native-'))
  environment = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') }
  mkdirSync(environment.PATH!)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A command that succeeds, or fails saying so. */
function tool (name: string, status = 0): void {
  const path = join(environment.PATH!, name)
  writeFileSync(path, `#!/bin/sh\necho "${name} says $*"\nexit ${status}\n`)
  chmodSync(path, 0o755)
}

const said: string[] = []
const setup = (): ReturnType<typeof setupNative> =>
  setupNative({ flavor: 'cpu', say: (line) => said.push(line), environment })

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('setup:native', () => {
  it('names every tool that is missing, before it makes anything', async () => {
    for (const name of ['npm', 'unzip']) tool(name)
    await expect(setup()).rejects.toMatchObject({
      code: 'backend_unavailable', message: /missing: python3, pip for python3, make, a C\+\+ compiler \(g\+\+\)\./,
    })
    expect(existsSync(nativeCache(environment))).toBe(false)
  })

  it('asks for the compiler that CXX names', async () => {
    for (const name of ['npm', 'unzip', 'python3', 'make', 'g++']) tool(name)
    environment.CXX = 'no-such-compiler'
    await expect(setup()).rejects.toMatchObject({ message: /missing: a C\+\+ compiler \(no-such-compiler\)\./ })
  })

  it('says which command failed with what it printed, and leaves nothing behind', async () => {
    for (const name of ['unzip', 'python3', 'make', 'g++']) tool(name)
    writeFileSync(join(environment.PATH!, 'npm'), '#!/bin/sh\n[ "$1" = --version ] || { echo no registry; exit 3; }\n')
    chmodSync(join(environment.PATH!, 'npm'), 0o755)
    await expect(setup()).rejects.toMatchObject({
      code: 'backend_unavailable', message: /npm install: ended with status 3\nno registry/,
    })
    expect(readdirSync(nativeCache(environment))).toEqual([])
  })

  it('keeps a build that loads', async () => {
    const addon = join(nativeFolder('cpu', environment), 'node_modules/@tensorflow/tfjs-node/index.js')
    mkdirSync(dirname(addon), { recursive: true })
    writeFileSync(addon, 'exports.tensor = () => ({ dataSync () {} })\n')
    expect(await setup()).toEqual({ folder: nativeFolder('cpu', environment), built: false })
  })

  it('does not keep one that does not load', async () => {
    mkdirSync(nativeFolder('cpu', environment), { recursive: true })
    said.length = 0
    await expect(setup()).rejects.toMatchObject({ code: 'backend_unavailable' })
    expect(said).toEqual([expect.stringContaining('does not load')])
  })
})
