import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeUpLog } from '../../../bench/train/made-up-log.ts'
import { LENGTH, makeProblem } from '../../../bench/train/problem.ts'
import { writeProblem } from '../../../bench/train/problem-files.ts'
import { createAdam } from '../../../src/nn/adam.ts'
import { createDropout } from '../../../src/nn/dropout.ts'
import { type LoadedTf, loadTf } from '../../../src/nn/tf.ts'
import { trainStep } from '../../../src/train/step.ts'

const EPOCH = { batchSize: 3, log: madeUpLog({ users: 6, items: 20, longest: LENGTH }) }

let loaded: LoadedTf
let folder: string
beforeAll(async () => {
  loaded = await loadTf('cpu')
  folder = await mkdtemp(join(tmpdir(), 'isthmus-problem-'))
})
afterAll(async () => {
  loaded.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each([
  ['llm4cdsr', ['rec.first', 'rec.second', 'reg.first.second']],
  ['llm-edt', ['rec.first', 'rec.second', 'align']],
] as const)('a step of %s', (system, terms) => {
  it('computes every term of the loss on full sequences of length 50', () => {
    const { tf } = loaded
    const problem = makeProblem({ system, ...EPOCH })
    const [batch] = problem.batches
    expect(problem.batches).toHaveLength(2)
    expect([batch!.mixed.batch, batch!.mixed.length, problem.settings.width]).toEqual([3, 50, 128])
    const adam = createAdam()
    const losses = trainStep({ tf, ...problem, adam, dropout: createDropout(tf, { rate: 0, seed: 1 }) }, batch!)
    expect([...losses.keys()]).toEqual(['loss', ...terms])
    for (const term of terms) expect(Math.abs(losses.get(term)!), term).toBeGreaterThan(0.1)
  }, 60_000)
})

describe('the problem of llm-edt', () => {
  const problem = makeProblem({ system: 'llm-edt', ...EPOCH })

  it('is its first phase: the mixed thread alone, with a profile for each user', () => {
    const { phase, spec, batches, profiles } = problem
    expect(phase.name).toBe('pretrain')
    expect(spec.threads.map(({ name }) => name)).toEqual(['threads.mixed'])
    expect(batches.map(({ profiled, locals }) => [profiled.users.length, locals.length])).toEqual([[3, 0], [3, 0]])
    expect(profiles!.rows).toHaveLength(6 * profiles!.width)
  })

  it('is written whole: weights by place, profiles and batches', async () => {
    await writeProblem(folder, problem)
    const floats = async (name: string): Promise<Float32Array> => {
      const { buffer, byteOffset, byteLength } = await readFile(join(folder, name))
      return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
    }
    expect(await floats('profiles.f32')).toEqual(problem.profiles!.rows)
    expect(await floats('texts.f32')).toEqual(problem.texts.rows)
    const { settings, weights, batches } = JSON.parse(await readFile(join(folder, 'problem.json'), 'utf8'))
    expect(settings).toEqual(problem.settings)
    expect(batches[1].profiled.users).toEqual([...problem.batches[1]!.profiled.users])
    const { at, shape } = weights['user.adapter.out.kernel']
    const { data, shape: own } = problem.weights.get('user.adapter.out.kernel')!
    expect(shape).toEqual(own)
    expect((await floats('weights.f32')).subarray(at, at + data.length)).toEqual(data)
  })
})
