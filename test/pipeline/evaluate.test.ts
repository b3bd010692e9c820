import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDataset, PREPARE, writeDataset } from '../../src/data/dataset-files.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { comparePaired } from '../../src/evaluate/significance.ts'
import { writeStep } from '../../src/files/step.ts'
import { DEFAULT_EVALUATE } from '../../src/pipeline/evaluate-settings.ts'
import { evaluateBaseline, evaluateStep, openEvaluation, openRanks } from '../../src/pipeline/evaluate.ts'
import type { Rankable } from '../../src/pipeline/evaluate.ts'
import { datasetOf, randomSequences, scorerOf } from '../evaluate/fixtures.ts'

let folder: string
let dataset: Dataset
const at = (name: string): string => join(folder, name)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-step-'))
  const { digest, ...content } = datasetOf([40, 30], randomSequences(60, 70))
  await writeStep(at('data'), { step: PREPARE, settings: { of: digest } }, (dir) => writeDataset(dir, content))
  dataset = await openDataset(at('data'))
})
afterEach(() => { rmSync(folder, { recursive: true }) })

describe('the step evaluate', () => {
  const dispose = vi.fn()
  const open = async (): Promise<Rankable> =>
    ({ dataset, scorer: scorerOf(dataset, (user, id) => Math.sin(user + id)), dispose })
  const step = (more: Partial<Parameters<typeof evaluateStep>[0]> = {}): Promise<{ skipped: boolean }> => evaluateStep({
    input: { dir: at('run'), digest: 'of the run' }, out: at('eval'), settings: DEFAULT_EVALUATE, open, ...more,
  })

  it('leaves metrics, the ranks they come from and where it all comes from', async () => {
    expect((await step()).skipped).toBe(false)
    const { manifest, report } = await openEvaluation(at('eval'))
    expect(manifest.input).toEqual({ dir: '../run', digest: 'of the run' })
    expect(manifest.settings).toEqual({ modes: ['full', 'sampled-100'], seed: 42 })
    expect(report.dataset).toBe(dataset.digest)
    const ranks = await openRanks(at('eval'), dataset)
    expect([...ranks.ranks].filter((rank) => rank < 10).length / 60).toBeCloseTo(report.full.all.hr10, 12)
    expect(ranks.domains.filter((k) => k === 1).length).toBe(report.full.domains.b!.users)
    expect(JSON.parse(readFileSync(join(at('eval'), 'metrics.json'), 'utf8'))).toEqual(report)
  })

  it('opens no system where nothing has changed, and does where input or settings have', async () => {
    await step()
    const never = vi.fn(open)
    expect((await step({ open: never })).skipped).toBe(true)
    expect(never).not.toHaveBeenCalled()
    expect((await step({ input: { dir: at('run'), digest: 'another run' } })).skipped).toBe(false)
    expect((await step({ settings: { modes: ['full'], seed: 42 } })).skipped).toBe(false)
  })

  it('counts the modes asked for as a set with the full ranking in it', async () => {
    await step({ settings: { modes: ['sampled-100'], seed: 42 } })
    expect((await step()).skipped).toBe(true)
  })

  it('disposes of the system and leaves nothing when it is stopped', async () => {
    dispose.mockClear()
    const stop = new AbortController()
    await expect(step({ signal: stop.signal, onProgress: () => { stop.abort() } }))
      .rejects.toThrow(expect.objectContaining({ code: 'interrupted' }))
    expect(dispose).toHaveBeenCalledOnce()
    await expect(openEvaluation(at('eval'))).rejects.toThrow(expect.objectContaining({ code: 'artefact_missing' }))
  })

  it('refuses metrics that were edited, and ranks of another dataset', async () => {
    await step()
    await expect(openRanks(at('eval'), { ...dataset, digest: 'another' }))
      .rejects.toThrow(expect.objectContaining({ code: 'artefact_invalid' }))
    writeFileSync(join(at('eval'), 'metrics.json'), '{}')
    await expect(openEvaluation(at('eval')))
      .rejects.toThrow(expect.objectContaining({ code: 'artefact_checksum_mismatch' }))
  })
})

describe('a counting baseline', () => {
  it('is evaluated from the dataset alone, each one apart', async () => {
    const options = { dataset: at('data'), settings: DEFAULT_EVALUATE }
    await evaluateBaseline('popularity', { ...options, out: at('popularity') })
    await evaluateBaseline('transitions', { ...options, out: at('transitions') })
    expect((await evaluateBaseline('popularity', { ...options, out: at('popularity') })).skipped).toBe(true)
    expect((await evaluateBaseline('item-knn', { ...options, out: at('popularity') })).skipped).toBe(false)
    const { report, manifest } = await openEvaluation(at('transitions'))
    expect(report.system).toBe('transitions')
    expect(manifest.settings).toMatchObject({ baseline: 'transitions', last: 10, decay: 0.6 })
  })

  it('can be compared with another user by user', async () => {
    const options = { dataset: at('data'), settings: DEFAULT_EVALUATE }
    await evaluateBaseline('popularity', { ...options, out: at('popularity') })
    await evaluateBaseline('item-knn', { ...options, out: at('knn') })
    const [first, second] = [await openRanks(at('popularity'), dataset), await openRanks(at('knn'), dataset)]
    expect(comparePaired([first], [second]).users).toBe(60)
  })
})
