import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadTf } from '../../src/nn/tf.ts'
import type { Backend } from '../../src/nn/tf.ts'
import { backendChoice, trainSettings } from '../../src/pipeline/train-settings.ts'
import { openRun, trainStep } from '../../src/pipeline/train.ts'
import type { TrainStep } from '../../src/pipeline/train.ts'
import { createModel } from '../../src/train/model.ts'
import { plantedProfiles, plantedShop, writePlantedProfiles, writeShop } from '../train/planted.ts'

let folder: string
let embeddings: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-train-step-'))
  embeddings = await writeShop(folder, plantedShop({ users: 30 }))
})

afterAll(() => rm(folder, { recursive: true }))

const SMALL = { width: 8, layers: 1, batchSize: 16, sharedNegatives: 12, epochs: 2, dropout: 0 }

function step (out: string, overrides: Record<string, unknown> = {}, more: Partial<TrainStep> = {}): TrainStep {
  return {
    input: embeddings,
    out: join(folder, out),
    settings: trainSettings({}, { ...SMALL, ...overrides }),
    openTf: () => loadTf('cpu'),
    ...more,
  }
}

/** Stops after so many steps of training. */
function stopped (out: string, steps: number, overrides: Record<string, unknown> = {}): TrainStep {
  const stop = new AbortController()
  let done = 0
  return step(out, overrides, {
    signal: stop.signal,
    reporter: () => ({ epochStarts () {}, epochEnds () {}, stepDone () { if (++done === steps) stop.abort() } }),
  })
}

describe('the step train', () => {
  it('leaves weights, a curve and every resolved setting, and nothing else', async () => {
    const { manifest, skipped } = await trainStep(step('whole'))
    expect(skipped).toBe(false)
    expect(Object.keys(manifest.files)).toEqual(['curve.csv', 'curve.svg', 'weights.bin', 'weights.json'])
    expect(manifest).toMatchObject({
      step: 'train',
      settings: { system: 'llm4cdsr', preset: 'product', seed: 42, itemNorm: 'unit', embScale: Math.sqrt(8) },
      backend: 'cpu',
      gpu: false,
      embedder: { id: 'planted/1', width: 12 },
      domains: [{ name: 'A', size: 20, offset: 0 }, { name: 'B', size: 20, offset: 20 }],
      epochs: 2,
    })
    const curve = (await readFile(join(folder, 'whole', 'curve.csv'), 'utf8')).split('\n')
    expect(curve[0]).toBe(
      'epoch,loss,rec.A,rec.B,reg.A.B,ndcg10,hr10,ndcg10.A,hr10.A,ndcg10.B,hr10.B')
    expect(curve).toHaveLength(4)
    expect(await readFile(join(folder, 'whole', 'curve.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/)
    expect((await readdir(folder)).filter((name) => name.startsWith('whole'))).toEqual(['whole'])
  })

  it('does nothing where nothing has changed, and trains anew where a setting has', async () => {
    const first = await trainStep(step('again'))
    const noTf = { openTf: () => Promise.reject(new Error('not needed')) }
    const second = await trainStep(step('again', {}, noTf))
    expect(second).toEqual({ manifest: first.manifest, skipped: true })
    const third = await trainStep(step('again', { seed: 7 }))
    expect(third.skipped).toBe(false)
    expect(third.manifest.digest).not.toBe(first.manifest.digest)
  })

  it('ends, stopped and started again, with the digest of a run that was not stopped', async () => {
    const { manifest } = await trainStep(step('unbroken', { dropout: 0.2 }))
    await expect(trainStep(stopped('broken', 3, { dropout: 0.2 }))).rejects.toMatchObject({ code: 'interrupted' })
    expect(await readdir(folder)).toContain('broken.checkpoint')
    let resumed: unknown
    const again = await trainStep(step('broken', { dropout: 0.2 }, { onStart: (start) => { resumed = start.resumed } }))
    expect(resumed).toEqual({ epoch: 2, step: 1 })
    expect(again.manifest.digest).toBe(manifest.digest)
    expect(await readdir(folder)).not.toContain('broken.checkpoint')
  })

  it('refuses to go on with other settings, and starts afresh if told so', async () => {
    await expect(trainStep(stopped('other', 1))).rejects.toMatchObject({ code: 'interrupted' })
    await expect(trainStep(step('other', { layers: 2 })))
      .rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field: 'layers' } })
    expect((await trainStep(step('other', { layers: 2 }, { fresh: true }))).manifest.settings.layers).toBe(2)
  })

  it('opens as the model it was, with all it was made from', async () => {
    await trainStep(step('open'))
    const run = await openRun(join(folder, 'open'))
    expect(run).toMatchObject({ settings: { width: 8 }, spec: { name: 'llm4cdsr' }, embeddings: { width: 12 } })
    const { tf, close } = await loadTf('cpu')
    const model = createModel(tf, run)
    expect(model.itemVectors()).toHaveLength(40 * 16)
    expect(model.scorer().score([0, 1], 'test', 1)).toHaveLength(40)
    model.dispose()
    close()
  })

  it('aligns with profiles where its input holds them', async () => {
    const shop = plantedShop({ users: 30 })
    const profiles = await writePlantedProfiles(embeddings, plantedProfiles(shop))
    const { manifest } = await trainStep(step('profiled', {}, { input: profiles }))
    expect(manifest.settings).toMatchObject({ beta: 0.1, tau: 1 })
    const run = await openRun(join(folder, 'profiled'))
    expect(run.weights.get('user.adapter.out.kernel')?.shape).toEqual([6, 8])
    const without = await trainStep(step('unprofiled', { beta: 0 }, { input: profiles }))
    expect(without.manifest.settings).toEqual((await trainStep(step('plain'))).manifest.settings)
    const few = plantedProfiles(plantedShop({ users: 5 }))
    const wrong = await writePlantedProfiles(embeddings, few)
    await expect(trainStep(step('few', {}, { input: wrong }))).rejects.toMatchObject({ code: 'artefact_invalid' })
    await expect(openRun(join(folder, 'profiled'))).rejects.toMatchObject({ code: 'artefact_invalid' })
  })

  it('is not opened when its embeddings have been made anew, or a file was changed', async () => {
    const { manifest } = await trainStep(step('stale'))
    const path = join(folder, 'stale', 'manifest.json')
    await writeFile(path, JSON.stringify({ ...manifest, input: { ...manifest.input, digest: 'other' } }))
    await expect(openRun(join(folder, 'stale'))).rejects.toMatchObject({ code: 'artefact_invalid' })
    await writeFile(join(folder, 'stale', 'weights.bin'), 'x')
    await expect(openRun(join(folder, 'stale'))).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  it('refuses an input that is not from embed', async () => {
    await expect(trainStep(step('wrong', {}, { input: join(folder, 'data') })))
      .rejects.toMatchObject({ code: 'artefact_invalid' })
    await expect(trainStep(step('wrong', {}, { input: join(folder, 'nowhere') })))
      .rejects.toMatchObject({ code: 'artefact_missing' })
  })
})

describe('settings of a training run', () => {
  it('take the file first, then the flags', () => {
    expect(trainSettings({ seed: '7', system: undefined }, { seed: 1, system: 'sasrec-ids', dropout: 0.1 }))
      .toEqual({ system: 'sasrec-ids', preset: 'product', overrides: { seed: 7, dropout: 0.1 } })
  })

  it.each([
    ['seed', { seed: '-1' }, {}], ['seed', { seed: '' }, {}], ['epochs', { epochs: '1e3' }, {}],
    ['epochs', { epochs: 'many' }, {}], ['system', {}, { system: 7 }], ['preset', {}, { preset: null }],
    ['config', {}, [1]], ['config', {}, 'text'], ['config', {}, null],
  ])('name the field that is wrong: %s in %j %j', (field, flags, config) => {
    expect(() => trainSettings(flags, config)).toThrow(
      expect.objectContaining({ code: 'config_invalid', place: { field } }) as Error)
  })

  it('know the backends by name', () => {
    expect(backendChoice('auto')).toBe('auto')
    expect(backendChoice('wasm' satisfies Backend)).toBe('wasm')
    expect(() => backendChoice('cuda')).toThrow(
      expect.objectContaining({ code: 'config_invalid', place: { field: 'backend' } }) as Error)
  })
})

describe('the second phase of llm-edt', () => {
  const EDT = { adapterSize: 4, heads: 2, dftEpochs: 2 }
  const edt = (out: string, overrides: Record<string, unknown> = {}, more: Partial<TrainStep> = {}): TrainStep =>
    step(out, {}, { settings: trainSettings({ system: 'llm-edt' }, { ...SMALL, ...EDT, ...overrides }), ...more })

  beforeAll(async () => {
    await trainStep(edt('first', { dft: false }))
    await trainStep(edt('both'))
  }, 120_000)

  it('says what it began with and what it gained', async () => {
    const { manifest } = await trainStep(edt('both'))
    const { before, start, best, bestEpoch } = manifest.finetune as Record<string, number>
    expect(start).toBe(before)
    expect(best).toBeGreaterThanOrEqual(start!)
    expect(manifest.best).toMatchObject({ validation: { ndcg10: best } })
    expect(bestEpoch).toBeGreaterThanOrEqual(0)
    expect(bestEpoch).toBeLessThanOrEqual(2)
    expect((await trainStep(edt('first', { dft: false }))).manifest.finetune).toBeUndefined()
  })

  it('says so where it gained nothing: the weights are of the best epoch of the first', async () => {
    const { manifest } = await trainStep(edt('still', { dftLearningRate: 0, dftWeightDecay: 0 }))
    expect(manifest.finetune).toMatchObject({ bestEpoch: 0 })
    const { best } = (await trainStep(edt('first', { dft: false }))).manifest as unknown as { best: { epoch: number } }
    expect(manifest.best).toEqual(best)
  })

  it('begins with the first phase of another run, of one phase or of both, where that fits', async () => {
    for (const pretrained of ['first', 'both']) {
      const own = edt(`on-${pretrained}`, {}, { pretrained: join(folder, pretrained) })
      const { manifest } = await trainStep(own)
      const { before, start } = manifest.finetune as Record<string, number>
      expect(start).toBe(before)
      expect(manifest.epochs).toBe(2)
      expect((await trainStep(own)).skipped).toBe(true)
      const [run, earlier] = [await openRun(own.out), await openRun(join(folder, pretrained))]
      for (const name of ['items.adapter.in.kernel', 'threads.mixed.0.ffn1.kernel', 'temperature']) {
        expect(run.weights.get(name)).toEqual(earlier.weights.get(name))
      }
    }
  })

  it.each([
    ['heads', { heads: 1 }], ['embScale', { embScale: 1 }], ['maskMode', { maskMode: 'causal' }], ['width', { width: 16 }],
    ['layers', { layers: 2 }], ['globalItems', { globalItems: 'textAndIds' }],
  ])('refuses one of another %s, by its name', async (field, overrides) => {
    await expect(trainStep(edt('refused', overrides, { pretrained: join(folder, 'first') })))
      .rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field } })
  })

  it('refuses one by another embedder, on other data, or that was damaged', async () => {
    const shop = plantedShop({ users: 30 })
    const elsewhere = await mkdtemp(join(folder, 'elsewhere-'))
    const [other, shuffled] = [
      await writeShop(join(elsewhere, 'a'), shop, 'planted/2'), await writeShop(join(elsewhere, 'b'), plantedShop({ seed: 9 })),
    ]
    const onto = (input: string): Promise<unknown> =>
      trainStep(edt('refused', {}, { input, pretrained: join(folder, 'first') }))
    await expect(onto(other)).rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field: 'embedder' } })
    await expect(onto(shuffled)).rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field: 'dataset' } })
    const profiles = await writePlantedProfiles(embeddings, plantedProfiles(shop))
    await expect(onto(profiles)).rejects.toMatchObject({ code: 'checkpoint_mismatch', place: { field: 'input' } })

    await trainStep(edt('damaged', { dft: false }))
    const file = join(folder, 'damaged', 'weights.bin')
    const bytes = await readFile(file)
    bytes[100]! ^= 1
    await writeFile(file, bytes)
    await expect(trainStep(edt('refused', {}, { pretrained: join(folder, 'damaged') })))
      .rejects.toMatchObject({ place: { file: expect.stringContaining('weights.bin') as string } })
  })

  it('is none of a system of one phase', async () => {
    await expect(trainStep(step('none', {}, { pretrained: join(folder, 'first') })))
      .rejects.toMatchObject({ code: 'config_invalid', place: { field: 'pretrained' } })
  })
})
