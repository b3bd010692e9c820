import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey } from '../../src/config/api-keys.ts'
import { type Image, imageBuilder, start } from './image.ts'
import { textOf } from './manifests.ts'

const able = process.platform === 'linux' && process.arch === 'x64' && process.getuid?.() === 0 &&
  spawnSync('debootstrap', ['--version']).status === 0
if (!able && process.env.CI !== undefined) throw new Error('CI needs to be root on Linux x64, and debootstrap')

// Without: be root on Linux x64, and apt-get install debootstrap.
describe.skipIf(!able)('what the Dockerfile makes for CPUs', () => {
  let scratch: string
  let image: Image
  let running: ChildProcess
  let address: string
  let log = ''
  const port = 20_000 + process.pid % 20_000
  const shop = newKey('shop', 'read')

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'isthmus-image-'))
    image = await imageBuilder(textOf('Dockerfile'), scratch).build('cpu')
    // Loopback alone: the tests' rule, not the image's.
    running = start(image, image.entrypoint, { HOST: '127.0.0.1', PORT: String(port), API_KEYS: shop.entry })
    running.stderr!.setEncoding('utf8').on('data', (text: string) => { log += text })
    address = await new Promise((resolve, reject) => {
      running.on('exit', (code) => reject(new Error(`ended with ${code}\n${log}`)))
      running.stdout!.setEncoding('utf8').on('data', (text: string) => {
        const [, found] = /answers at (\S+)/.exec(text) ?? []
        if (found !== undefined) resolve(found)
      })
    })
  }, 1_800_000)
  afterAll(async () => {
    if (running?.exitCode === null) {
      const ended = once(running, 'exit')
      running.kill('SIGKILL')
      await ended
    }
    await rm(scratch, { recursive: true, force: true })
  })

  it('is ready, answers, and says so to its own health check', async () => {
    expect((await fetch(`${address}/health/ready`)).status).toBe(200)
    const answer = await fetch(`${address}/recommend?domain=sport`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': shop.key }, body: '{"k":3}',
    })
    expect(await answer.json()).toMatchObject({ model: { name: 'demo' }, items: [{ rank: 1 }, { rank: 2 }, { rank: 3 }] })
    const [code] = await once(start(image, image.healthcheck, { PORT: String(port) }), 'exit') as [number]
    expect(code).toBe(0)
  })

  it('runs as nobody special, who owns its data and nothing else', async () => {
    const status = await readFile(`/proc/${running.pid}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(await stat(join(image.root, 'data'))).toMatchObject({ uid: 10_001 })
    expect((await stat(join(image.root, 'app/dist'))).uid).toBe(0)
    expect((await readdir(join(image.root, 'data'))).length).toBeGreaterThan(0)
  })

  it('holds what serving needs, for this platform alone', async () => {
    expect((await readdir(join(image.root, 'app'))).sort())
      .toEqual(['LICENSE', 'dist', 'models', 'node_modules', 'openapi', 'package.json', 'public'])
    const binaries = join(image.root, 'app/node_modules/onnxruntime-node/bin/napi-v6')
    expect(await readdir(binaries)).toEqual(['linux'])
    expect(await readdir(join(binaries, 'linux'))).toEqual(['x64'])
    for (const name of ['typescript', 'vitest', 'eslint']) {
      expect(existsSync(join(image.root, 'app/node_modules', name)), name).toBe(false)
    }
  })

  it('ends in order when it is told to', async () => {
    const ended = once(running, 'exit')
    running.kill('SIGTERM')
    expect((await ended)[0]).toBe(0)
  })
})
