import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadTf } from '../../../src/nn/tf.ts'
import { cellFolders, isDone } from '../../../src/pipeline/cells/cell.ts'
import type { Cell, CellFolders } from '../../../src/pipeline/cells/cell.ts'
import { keepCells, openKept } from '../../../src/pipeline/cells/kept-cells.ts'
import { runCells } from '../../../src/pipeline/cells/run-cells.ts'
import type { RanCells } from '../../../src/pipeline/cells/run-cells.ts'
import { DEFAULT_EVALUATE } from '../../../src/pipeline/evaluate-settings.ts'
import { evaluateRun, openEvaluation, openRanks } from '../../../src/pipeline/evaluate.ts'
import { trainSettings } from '../../../src/pipeline/train-settings.ts'
import { openRun, openRunManifest, trainStep } from '../../../src/pipeline/train.ts'
import { plantedShop, writeShop } from '../../train/planted.ts'

const openTf = (): ReturnType<typeof loadTf> => loadTf('cpu')
const EFFICIENCY = { backend: 'cpu', machine: 'small, 2 cores', parameters: 5, users: 20, domains: 2, seconds: 1.5 }

let folder: string
let cell: Cell
let trained: CellFolders
let kept: string
const elsewhere = (): string => join(folder, 'elsewhere')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-kept-'))
  cell = {
    label: 'main: sasrec-text, seed 42',
    embeddings: await writeShop(folder, plantedShop({ users: 20 })),
    train: trainSettings({ system: 'sasrec-text' }, { width: 4, layers: 1, length: 6, sharedNegatives: 8, epochs: 1 }),
    evaluate: DEFAULT_EVALUATE,
  }
  trained = await cellFolders(join(folder, 'work'), cell)
  await trainStep({ input: cell.embeddings, out: trained.run, settings: cell.train, openTf })
  await evaluateRun({ run: trained.run, out: trained.evaluation, settings: DEFAULT_EVALUATE, openTf })
})
afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  kept = await mkdtemp(join(folder, 'kept-'))
  await rm(elsewhere(), { recursive: true, force: true })
  await keepCells(kept, [{ label: cell.label, folders: trained, efficiency: EFFICIENCY }], [])
})

const file = (): string => join(kept, `${trained.name}.json`)
const onlyCell = async (): Promise<CellFolders> => (await openKept(kept, elsewhere())).get(trained.name)!

describe('figures of a cell that were kept', () => {
  it('are those of its evaluation to the last place, in one file without its weights', async () => {
    expect(await readdir(kept)).toEqual([`${trained.name}.json`])
    const found = await onlyCell()
    expect(found.kept).toEqual({ efficiency: EFFICIENCY })
    expect(await openEvaluation(found.evaluation)).toEqual(await openEvaluation(trained.evaluation))
    const { dataset } = await openRun(trained.run)
    expect(await openRanks(found.evaluation, dataset)).toEqual(await openRanks(trained.evaluation, dataset))
    expect(await openRunManifest(found.run)).toEqual({ ...await openRunManifest(trained.run), files: {} })
    await expect(openRun(found.run)).rejects.toThrow(expect.objectContaining({ code: 'artefact_missing' }))
  })

  it('stand for the cell that they are of, and for none of other settings', async () => {
    const found = await onlyCell()
    expect(await isDone(cell, found)).toBe(true)
    expect(await isDone({ ...cell, train: trainSettings({ system: 'sasrec-text' }, { epochs: 2 }) }, found)).toBe(false)
    expect(await isDone({ ...cell, evaluate: { ...DEFAULT_EVALUATE, seed: 1 } }, found)).toBe(false)
  })

  it('go with the cell: others that are in no plan are removed, those named are not', async () => {
    await writeFile(join(kept, 'old.json'), '{}')
    await writeFile(join(kept, 'planned.json'), '{}')
    await keepCells(kept, [], [trained.name, 'planned'])
    expect((await readdir(kept)).sort()).toEqual(['planned.json', `${trained.name}.json`].sort())
  })

  it('are refused where the file is none, of another format, or was edited', async () => {
    const whole = await readFile(file(), 'utf8')
    await writeFile(file(), '{"format":1}')
    await expect(onlyCell()).rejects.toThrow(expect.objectContaining({ code: 'artefact_invalid' }))
    await writeFile(file(), whole.replace('"format": 1', '"format": 2'))
    await expect(onlyCell()).rejects.toThrow(expect.objectContaining({ code: 'format_unsupported' }))
    await writeFile(file(), whole.replace('"ndcg10Interval": [', '"ndcg10Interval": [ 0,'))
    const { evaluation } = await onlyCell()
    await expect(openEvaluation(evaluation)).rejects.toThrow(expect.objectContaining({ code: 'artefact_checksum_mismatch' }))
  })

  it('are none where there is no such folder', async () => {
    expect(await openKept(join(folder, 'absent'), elsewhere())).toEqual(new Map())
  })
})

describe('runCells with figures that were kept', () => {
  const run = async (...cells: readonly Cell[]): Promise<RanCells & { said: string }> => {
    const said: string[] = []
    const ran = await runCells(cells, {
      work: join(folder, 'empty'),
      backend: 'cpu',
      jobs: 1,
      kept: await openKept(kept, elsewhere()),
      signal: new AbortController().signal,
      // Nothing is trained: what would have to be, is among those left.
      deadline: AbortSignal.abort(),
      say: (line) => said.push(line),
      progress: () => ({ update () {}, finish () {} }),
    })
    return { ...ran, said: said.join('\n') }
  }

  it('takes a cell for done, and says that it was not trained here', async () => {
    const { done, left, said } = await run(cell)
    expect(left).toEqual([])
    expect(done.get(cell)).toMatchObject({ name: trained.name, kept: { efficiency: EFFICIENCY } })
    expect(said).toContain('1 trainings, 1 of them done already, 1 by figures that were kept')
  })

  it('trains a cell whose weights are looked at, whichever of its twins says so', async () => {
    const opened = { ...cell, opened: true }
    const { done, left } = await run(cell, opened)
    expect(left).toEqual([cell, opened])
    // Its figures stand until then.
    expect([...done.values()].map(({ name, kept }) => [name, kept !== undefined])).toEqual([
      [trained.name, true], [trained.name, true],
    ])
  })
})
