import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildCandidates } from '../../src/data/candidates.ts'
import { evaluationInput, target, trainPrefix } from '../../src/data/dataset.ts'
import { openDataset, PREPARE, writeDataset } from '../../src/data/dataset-files.ts'
import { writeStep } from '../../src/files/step.ts'

let folder: string
beforeEach(async () => { folder = join(await mkdtemp(join(tmpdir(), 'isthmus-dataset-')), 'dataset') })
afterEach(() => rm(join(folder, '..'), { recursive: true }))

const shop = {
  domains: [{ name: 'sport', size: 2, offset: 0 }, { name: 'cloth', size: 1, offset: 2 }],
  items: [
    { itemId: 's1', domain: 'sport', title: 'A ball\u2028in two lines\nor three', categories: ['balls'], price: 3.5 },
    { itemId: 's2', domain: 'sport' },
    { itemId: 'c1', domain: 'cloth', title: 'Größe é 👟' },
  ],
  users: ['ann', 'bob'],
  offsets: Uint32Array.of(0, 3, 7),
  events: Int32Array.of(1, 3, 2, 3, 3, 1, 2),
  times: Float64Array.of(1, 2, 3, 1, 2, 3, 4).map((t) => t * 1.4e12),
}
const content = { ...shop, candidates: buildCandidates(shop, 42) }
const write = () => writeStep(folder, { step: PREPARE, settings: {} }, (dir) => writeDataset(dir, content))

describe('a dataset directory', () => {
  it('opens as what was written', async () => {
    const { digest } = await write()
    expect(await openDataset(folder)).toEqual({ ...content, digest })
  })

  it('is refused when a file has changed', async () => {
    await write()
    await writeFile(join(folder, 'events.i32'), Buffer.alloc(28))
    await expect(openDataset(folder)).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  it('splits each user\'s events: the last is the test target, the one before validation', async () => {
    await write()
    const dataset = await openDataset(folder)
    expect([...trainPrefix(dataset, 1)]).toEqual([3, 3])
    expect([...evaluationInput(dataset, 1, 'valid')]).toEqual([3, 3])
    expect(target(dataset, 1, 'valid')).toBe(1)
    expect([...evaluationInput(dataset, 1, 'test')]).toEqual([3, 3, 1])
    expect(target(dataset, 1, 'test')).toBe(2)
  })
})
