import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nativeFolder } from '../../src/nn/native-cache.ts'
import { compiled } from '../../src/paths.ts'
import { plantedShop, writeShop } from './planted.ts'

let folder: string
let embeddings: string
let config: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-interrupt-'))
  embeddings = await writeShop(folder, plantedShop({ users: 120 }))
  config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify({ width: 8, layers: 1, batchSize: 8, sharedNegatives: 20, epochs: 3 }))
})

afterAll(() => rm(folder, { recursive: true }))

interface Ended { readonly status: number | null, readonly output: string }

/** Runs `train`; with `stopAt`, sends it SIGINT when its output first matches. */
async function train (
  out: string, backend: string, { stopAt, flags = [] }: { stopAt?: RegExp, flags?: string[] } = {}
): Promise<Ended> {
  const script = fileURLToPath(compiled('scripts/train.ts'))
  const child = spawn(process.execPath, [
    script, '--in', embeddings, '--out', join(folder, out), '--config', config, '--backend', backend, ...flags,
    // The native backend adds up in the same order each time only with one thread.
  ], { env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' } })
  let output = ''
  let stopped = false
  const read = (chunk: Buffer): void => {
    output += chunk.toString()
    if (stopped || stopAt?.test(output) !== true) return
    // Once: a second Ctrl-C would end the process without a word.
    stopped = true
    child.kill('SIGINT')
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const [status] = await once(child, 'close') as [number | null]
  return { status, output }
}

describe.each(['wasm', 'native'])('npm run train on %s, stopped by Ctrl-C', (backend) => {
  const absent = backend === 'native' && !existsSync(nativeFolder('cpu'))
  const reason = absent ? ' (skipped: `npm run setup:native` was not run)' : ''

  it.skipIf(absent)(`saves, ends with 130, and goes on to the bytes of a run that was not stopped${reason}`, async () => {
    const [unbroken, broken] = [`${backend}-unbroken`, `${backend}-broken`]
    const whole = await train(unbroken, backend)
    expect(whole).toMatchObject({ status: 0, output: expect.stringContaining(`llm4cdsr (product) on ${backend}`) as string })
    expect(whole.output).toMatch(/epoch 3\/3 done in .*NDCG@10/)

    const stopped = await train(broken, backend, { stopAt: /epoch 2\/3/ })
    expect(stopped).toMatchObject({ status: 130, output: expect.stringContaining('interrupted') as string })
    expect((await readdir(folder)).filter((name) => name.startsWith(broken))).toEqual([`${broken}.checkpoint`])

    const resumed = await train(broken, backend)
    expect(resumed).toMatchObject({ status: 0, output: expect.stringMatching(/goes on in epoch [23]/) as string })
    for (const file of ['weights.bin', 'weights.json', 'curve.csv', 'curve.svg']) {
      const [left, right] = await Promise.all([unbroken, broken].map((out) => readFile(join(folder, out, file))))
      expect(right!.equals(left!), file).toBe(true)
    }
  })
})

describe('npm run train', () => {
  it.each([
    [['--epochs', '0'], /config_invalid: setting "epochs"/], [['--system', 'bert'], /config_invalid: setting "system"/],
    [['--preset', 'mine'], /config_invalid: setting "preset"/], [['--seed', '1.5'], /config_invalid: seed/],
    [['--backend', 'tpu'], /config_invalid: backend/],
  ])('ends with 78 and names the setting for %j', async (flags, message) => {
    const { status, output } = await train('never', 'cpu', { flags })
    expect(output).toMatch(message)
    expect(status).toBe(78)
  })
})
