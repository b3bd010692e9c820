import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { tellInt8 } from '../../src/bundle/int8.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { evaluationInput } from '../../src/data/dataset.ts'
import { foldAdapter } from '../../src/nn/adapter.ts'
import { loadTf } from '../../src/nn/tf.ts'
import { DEFAULT_EVALUATE } from '../../src/pipeline/evaluate-settings.ts'
import { evaluateRun } from '../../src/pipeline/evaluate.ts'
import { DEFAULT_EXPORT, exportSettings } from '../../src/pipeline/export/export-settings.ts'
import { chooseInt8 } from '../../src/pipeline/export/int8.ts'
import { type Exported, exportStep, type ExportStep } from '../../src/pipeline/export.ts'
import { trainSettings } from '../../src/pipeline/train-settings.ts'
import { openRun, type Run, trainStep } from '../../src/pipeline/train.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { createModel } from '../../src/train/model.ts'
import { plantedProfiles, plantedShop, writePlantedProfiles, writeShop } from '../train/planted.ts'

const openTf = () => loadTf('cpu')
let folder: string
let run: Run
let exported: Exported
const said: string[] = []

function step (name: string, more: Partial<ExportStep> = {}): ExportStep {
  return {
    input: join(folder, 'evaluation'),
    out: join(folder, 'models', name),
    settings: DEFAULT_EXPORT,
    openTf,
    log: (message) => said.push(message),
    ...more,
  }
}

/** An evaluated run of a small system in `folder`/`name`. */
async function evaluated (embeddings: string, system: string, name: string, overrides = {}): Promise<string> {
  const settings = trainSettings({ system }, {
    width: 8, layers: 1, length: 12, batchSize: 16, sharedNegatives: 12, epochs: 2, dropout: 0, ...overrides,
  })
  const out = join(folder, `${name}-run`)
  await trainStep({ input: embeddings, out, settings, openTf })
  const evaluation = join(folder, name)
  await evaluateRun({ run: out, out: evaluation, settings: DEFAULT_EVALUATE, openTf })
  return evaluation
}

let embeddings: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-export-'))
  embeddings = await writeShop(folder, plantedShop({ users: 40, length: 16 }))
  // Texts alone, whose map is exact; with ids as well it is learnt.
  await evaluated(embeddings, 'llm4cdsr', 'evaluation', { globalItems: 'text' })
  run = await openRun(join(folder, 'evaluation-run'))
  exported = await exportStep(step('shop'))
}, 120_000)

afterAll(async () => await rm(folder, { recursive: true }))

describe('the step export', () => {
  it('leaves every file of a bundle, and a pointer to it', async () => {
    const { dir, manifest, skipped } = exported
    expect(skipped).toBe(false)
    expect(await readFile(join(folder, 'models/shop/CURRENT'), 'utf8')).toBe(`${manifest.version}\n`)
    const driver = await findHnswDriver()
    const indexes = driver === undefined ? [] : ['hnsw-A.bin', 'hnsw-B.bin']
    expect((await readdir(dir)).sort()).toEqual([
      ...indexes, 'audit', 'golden.json', 'histories.jsonl.gz', 'item-map.f32', 'items-A.jsonl', 'items-B.jsonl',
      'local-map-A.f32', 'local-map-B.f32', 'manifest.json', 'popularity-A.json', 'popularity-B.json', 'text.f32',
      'user-A.onnx', 'user-B.onnx', 'vectors-A.f32', 'vectors-B.f32',
    ].sort())
    expect(await readdir(join(dir, 'audit'))).toEqual(['curve.csv', 'curve.svg', 'metrics.json'])
  })

  it('says in the manifest what it is, what it is worth and how it was checked', () => {
    expect(exported.manifest).toMatchObject({
      name: 'shop',
      system: 'llm4cdsr',
      preset: 'product',
      settings: { seed: 42, width: 8 },
      seeds: { train: 42 },
      dataDigest: run.dataset.digest,
      embedder: { id: 'planted/1', width: 12 },
      encoder: { windowLength: 12, globalWidth: 8, localWidth: 8, userWidth: 16, itemNorm: 'unit' },
      domains: [{ name: 'A', noun: 'A', items: 20 }, { name: 'B', noun: 'B', items: 20 }],
      metrics: { full: { all: { users: 40 } } },
      parity: { histories: 40, lengths: [1, 7, 50, 200], batches: [1, 8] },
      itemMaps: { 'item-map.f32': { method: 'fold' }, 'local-map-A.f32': { method: expect.any(String) } },
    })
    expect(exported.manifest.parity!.largest).toBeLessThan(1e-5)
    expect(exported.manifest.generated).toBeUndefined()
  })

  it('measures the recall of its index with users, for each ef', async () => {
    if (await findHnswDriver() === undefined) {
      expect(said).toContain('no HNSW index is written: hnswlib-node is not there')
      return
    }
    const { retrieval } = exported.manifest
    for (const domain of ['A', 'B']) {
      expect(retrieval[domain]).toMatchObject({ queries: 40, usable: true, efSearch: 200 })
      expect(retrieval[domain]!.recall.map(({ ef }) => ef)).toEqual([100, 128, 200, 256, 400])
      expect(retrieval[domain]!.recall.at(-1)!.recall).toBe(1)
    }
  })

  it('makes nothing new from the same evaluation and settings, and does from others', async () => {
    const never = vi.fn(openTf)
    const again = await exportStep(step('shop', { openTf: never }))
    expect(again).toMatchObject({ skipped: true, dir: exported.dir })
    expect(never).not.toHaveBeenCalled()
    const told: Array<readonly [done: number, total: number]> = []
    const other = await exportStep(step('shop', {
      settings: { ...DEFAULT_EXPORT, histories: false, generated: true },
      onProgress: (done, total) => told.push([done, total]),
    }))
    expect(other.skipped).toBe(false)
    // One part after the other, up to the last of them.
    const total = told.at(-1)![1]
    expect(told).toEqual(Array.from({ length: total }, (_, i) => [i + 1, total]))
    expect(other.manifest.generated).toBe(true)
    expect(await readdir(other.dir)).not.toContain('histories.jsonl.gz')
    expect((await openBundle(join(folder, 'models/shop'))).dir).toBe(other.dir)
  })

  it('builds its index in as many shards as asked for, and serves from them', async () => {
    if (await findHnswDriver() === undefined) return
    const { dir, manifest } = await exportStep(step('shards', { settings: { ...DEFAULT_EXPORT, indexShards: 2 } }))
    expect(manifest.retrieval).toMatchObject({ A: { shards: 2, usable: true }, B: { shards: 2, usable: true } })
    expect((await readdir(dir)).filter((file) => file.startsWith('hnsw-')).sort())
      .toEqual(['hnsw-A.0.bin', 'hnsw-A.1.bin', 'hnsw-B.0.bin', 'hnsw-B.1.bin'])
    // Loading asks its golden questions.
    const engine = await openEngine(await openBundle(dir), { provider: 'cpu', retrieval: 'hnsw' })
    expect(engine.status().retrieval).toEqual({ A: 'hnsw', B: 'hnsw' })
    await engine.close()
  })

  it('gives the same bytes again', async () => {
    const twin = await exportStep(step('twin'))
    expect(twin.manifest.files).toEqual(exported.manifest.files)
  })

  it('serves what the trained model scores, for every user and domain', async () => {
    const { dataset } = run
    const { tf, close } = await openTf()
    const model = createModel(tf, run)
    const engine = await openEngine(await openBundle(exported.dir), { provider: 'cpu' })
    const users = [...dataset.users.keys()]
    for (const [k, { name, offset, size }] of dataset.domains.entries()) {
      const scores = model.scorer().score(users, 'test', k)
      for (const u of users) {
        const seen = evaluationInput(dataset, u, 'test')
        const expected = Array.from({ length: size }, (_, i) => ({ id: offset + 1 + i, score: scores[u * size + i]! }))
          .filter(({ id }) => !seen.includes(id)).sort((a, b) => b.score - a.score).slice(0, 5)
        const { items } = await engine.recommend({
          domain: name, history: Array.from(seen, itemId), k: 5, exclude: [], excludeSeen: true,
        })
        expect(items.map(({ score }) => score)).toEqual(expected.map(({ score }) => expect.closeTo(score, 5)))
        const scoreOf = new Map(expected.map(({ id, score }) => [itemId(id), score]))
        const strangers = items.filter((item) => !scoreOf.has(item.itemId))
        // Only items whose scores are as good as equal to the last may stand for each other.
        for (const { score } of strangers) expect(score).toBeCloseTo(expected.at(-1)!.score, 5)
      }
    }
    await engine.close()
    model.dispose()
    close()
  })

  it('gives a cold item from the text of a known one the very same global half', async () => {
    const engine = await openEngine(await openBundle(exported.dir), { provider: 'cpu' })
    const embedding = run.texts.rows.subarray(2 * 12, 3 * 12)
    await engine.putItems([{ itemId: 'cold', domain: 'A', embedding: Float32Array.from(embedding) }])
    const [nearest] = (await engine.similar({ itemId: 'cold', k: 20 }))!.filter(({ itemId: id }) => id === itemId(3))
    expect(nearest!.score).toBeCloseTo(1, 6)
    const { items } = await engine.recommend({ domain: 'A', history: ['cold'], k: 20, exclude: [], excludeSeen: false })
    expect(items.map((item) => item.itemId)).toContain('cold')
    await engine.close()
  })

  it('keeps every history, by user, oldest event first', async () => {
    const text = gunzipSync(await readFile(join(exported.dir, 'histories.jsonl.gz'))).toString('utf8')
    const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)
    expect(lines).toHaveLength(40)
    const { dataset } = run
    expect(lines[1]).toEqual({
      userId: dataset.users[1],
      events: Array.from(dataset.events.subarray(dataset.offsets[1], dataset.offsets[2]), (id, i) =>
        [itemId(id), dataset.times[dataset.offsets[1]! + i]]),
    })
  })

  it.each(['sasrec-ids', 'sasrec-text'])('exports %s, which has no local half', async (system) => {
    const input = await evaluated(embeddings, system, system)
    const { dir, manifest } = await exportStep(step(system, { input }))
    expect(manifest.encoder).toMatchObject({ globalWidth: 8, localWidth: 0, userWidth: 8 })
    expect(manifest.itemMaps).toMatchObject({ 'item-map.f32': { method: system === 'sasrec-ids' ? 'ridge' : 'fold' } })
    const engine = await openEngine(await openBundle(dir), { provider: 'cpu' })
    const { items } = await engine.recommend({ domain: 'B', history: [itemId(1)], k: 3, exclude: [], excludeSeen: true })
    expect(items).toHaveLength(3)
    await engine.close()
  })

  it.each(['product', 'paper'])('ships what it learned of profiles, for users known by a text alone (%s)', async (preset) => {
    const profiles = plantedProfiles(plantedShop({ users: 40, length: 16 }))
    const input = await evaluated(await writePlantedProfiles(embeddings, profiles), 'llm4cdsr', `text-${preset}`, { preset })
    const { dir, manifest } = await exportStep(step(`text-${preset}`, { input }))
    const { weights } = await openRun(join(folder, `text-${preset}-run`))
    const { matrix, offset } = foldAdapter(weights, 'user.adapter')
    const text = profiles.rows.subarray(0, 12)
    const direction = Array.from(offset, (value, o) => text.reduce((sum, x, i) => sum + x * matrix[o * 12 + i]!, value))
    const { norm, chat } = manifest.userText!
    expect(chat).toBe('planted')
    if (preset === 'product') expect(norm).toBe(1)
    else expect(norm).not.toBeCloseTo(1, 1)
    const bundle = await openBundle(dir)
    const vectors = await bundle.readFloats('vectors-B.f32', 20 * 16)
    const score = (row: number) => direction.reduce((sum, value, i) => sum + value * vectors[row * 16 + i]!, 0)
    const best = Math.max(...Array.from({ length: 20 }, (_, row) => score(row)))
    const engine = await openEngine(bundle, { provider: 'cpu' })
    const { basis, items } = await engine.recommend({
      domain: 'B', history: [], text, k: 1, exclude: [], excludeSeen: true,
    })
    await engine.close()
    expect(basis).toBe('text')
    expect(items[0]!.score).toBeCloseTo(norm * best / Math.hypot(...direction), 4)
  })

  it.each([
    ['gru4rec', {}], ['bert4rec', {}],
    ['llm4cdsr', {}], ['llm4cdsr', { backbone: 'gru4rec' }], ['llm4cdsr', { backbone: 'bert4rec' }],
  ])('serves %s %j as it was trained', async (system, overrides) => {
    const name = `${system}-${Object.values(overrides).join('')}`
    const input = await evaluated(embeddings, system, name, overrides)
    const { dir, manifest } = await exportStep(step(name, { input }))
    expect(manifest.parity!.largest).toBeLessThanOrEqual(1e-5)
    const { tf, close } = await openTf()
    const trained = await openRun(join(folder, `${name}-run`))
    const model = createModel(tf, trained)
    const history = Int32Array.of(1, 22, 3)
    const vectors = model.itemVectors()
    const user = model.userVectors([history], 1)
    const width = model.vectorWidth
    const best = Array.from({ length: 20 }, (_, i) => i + 21).filter((id) => !history.includes(id))
      .map((id) => ({ id, score: user.reduce((sum, value, j) => sum + value * vectors[(id - 1) * width + j]!, 0) }))
      .sort((a, b) => b.score - a.score)
    const engine = await openEngine(await openBundle(dir), { provider: 'cpu' })
    const ids = Array.from(history, (id) => itemId(id))
    const { items } = await engine.recommend({ domain: 'B', history: ids, k: 5, exclude: [], excludeSeen: true })
    expect(items.map((item) => item.itemId)).toEqual(best.slice(0, 5).map(({ id }) => itemId(id)))
    for (const [place, { score }] of items.entries()) expect(score).toBeCloseTo(best[place]!.score, 5)
    await engine.close()
    model.dispose()
    close()
  })

  const outcomes: boolean[] = []
  it.each([
    'llm4cdsr', 'llm-edt', 'llm-recg', 'sasrec-ids', 'sasrec-text', 'bert4rec',
  ])('tries encoders of %s in int8, and serves what it says it took', async (system) => {
    const name = `int8-${system}`
    const input = await evaluated(embeddings, system, name)
    const told: string[] = []
    const { dir, manifest } = await exportStep(step(name, {
      input, settings: { ...DEFAULT_EXPORT, int8: true }, log: (line) => told.push(line),
    }))
    const { taken, users, ndcg10 } = manifest.int8!
    // The figure of the float graphs is that of the training: one evaluator, one split, the same vectors.
    const { best } = (await openRun(join(folder, `${name}-run`))).manifest as unknown as {
      best: { validation: Record<string, number> },
    }
    if (system !== 'llm-recg') {
      expect(users).toBe(40)
      expect(ndcg10!.float32.all).toBeCloseTo(best.validation['ndcg10']!, 6)
      expect(ndcg10!.float32.domains['B']).toBeCloseTo(best.validation['ndcg10.B']!, 6)
    }
    expect(manifest.int8).toEqual(chooseInt8(ndcg10!, users!))
    outcomes.push(taken)
    expect(told.at(0)).toBe(tellInt8(manifest.int8!))
    for (const domain of ['A', 'B']) {
      expect((await readFile(join(dir, `user-${domain}.onnx`))).includes('QuantizeLinear')).toBe(taken)
    }
    // Loading asks its golden questions, which were answered by what is served.
    const engine = await openEngine(await openBundle(dir), { provider: 'cpu' })
    const { items } = await engine.recommend({ domain: 'B', history: [itemId(1)], k: 3, exclude: [], excludeSeen: true })
    expect(items).toHaveLength(3)
    await engine.close()
  })

  it('took int8 for one of them at least, so that it was served', () => expect(outcomes).toContain(true))

  it.each(['llm4cdsr', 'gru4rec'])('says why %s of a GRU stays in float32, though int8 was asked for', async (system) => {
    const input = await evaluated(embeddings, system, `gru-int8-${system}`, { backbone: 'gru4rec' })
    const { dir, manifest } = await exportStep(step(`gru-${system}`, { input, settings: { ...DEFAULT_EXPORT, int8: true } }))
    expect(manifest.int8).toEqual({ taken: false, limit: 0.005, reason: 'the operator GRU has no form in int8' })
    expect(said).toContain('encoders in float32, though int8 was asked for: the operator GRU has no form in int8')
    await (await openEngine(await openBundle(dir), { provider: 'cpu' })).close()
  })

  it('refuses a system that is trained for comparison only, and leaves nothing', async () => {
    const input = await evaluated(embeddings, 'llm4cdsr', 'masks', { maskMode: 'causal' })
    await expect(exportStep(step('masks', { input }))).rejects.toMatchObject({
      code: 'config_invalid', place: { field: 'maskMode' },
    })
    expect(await readdir(join(folder, 'models/masks'))).toEqual([])
  })

  it('refuses a directory that is no evaluation, and one of a counting baseline', async () => {
    await expect(exportStep(step('x', { input: join(folder, 'evaluation-run') }))).rejects.toMatchObject({
      code: 'artefact_invalid',
    })
    await writeFile(join(folder, 'evaluation-run', 'weights.json'), '{}')
    await expect(exportStep(step('x'))).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  function itemId (id: number): string {
    return run.dataset.items[id - 1]!.itemId
  }
})

describe('settings of export', () => {
  it('are the defaults where nothing is given', () => {
    expect(exportSettings({})).toEqual({ histories: true, halfLifeDays: 180, generated: false })
    expect(exportSettings({ halfLifeDays: 30, histories: false })).toMatchObject({ halfLifeDays: 30, histories: false })
    expect(exportSettings({ indexShards: 4 })).toMatchObject({ indexShards: 4 })
    expect(exportSettings({ int8: true })).toMatchObject({ int8: true })
    // As if it were not there, so that what was exported before is not exported again.
    expect(exportSettings({ int8: false })).toEqual(exportSettings({}))
  })

  it.each([
    ['halfLifeDays', 0], ['halfLifeDays', '30'], ['histories', 'no'], ['generated', 1], ['colour', 'red'],
    ['int8', 'yes'], ['indexShards', 0], ['indexShards', 1.5], ['indexShards', '2'],
  ])('refuse %s = %s', (field, value) => {
    expect(() => exportSettings({ [field]: value })).toThrow(expect.objectContaining({
      code: 'config_invalid', place: { field },
    }))
  })
})
