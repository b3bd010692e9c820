import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

describe('npm run train, stopped by Ctrl-C', () => {
  it('saves, ends with 130, and ends in the same bytes as a run that was not stopped when started again', async () => {
    const whole = await train('whole', 'wasm')
    expect(whole).toMatchObject({ status: 0, output: expect.stringMatching(/llm4cdsr \(product\) on wasm/) as string })
    expect(whole.output).toMatch(/epoch 3\/3 done in .*NDCG@10/)

    const stopped = await train('stopped', 'wasm', { stopAt: /epoch 2\/3/ })
    expect(stopped).toMatchObject({ status: 130, output: expect.stringContaining('interrupted') as string })
    expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual(['stopped.checkpoint'])

    const resumed = await train('stopped', 'wasm')
    expect(resumed).toMatchObject({ status: 0, output: expect.stringMatching(/goes on in epoch [23]/) as string })
    for (const file of ['weights.bin', 'weights.json', 'curve.csv', 'curve.svg']) {
      const [left, right] = await Promise.all(['whole', 'stopped'].map((out) => readFile(join(folder, out, file))))
      expect(right!.equals(left!), file).toBe(true)
    }
  })

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
