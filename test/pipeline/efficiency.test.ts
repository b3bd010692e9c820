import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadTf } from '../../src/nn/tf.ts'
import { measureEfficiency } from '../../src/pipeline/efficiency.ts'
import { trainSettings } from '../../src/pipeline/train-settings.ts'
import { trainStep } from '../../src/pipeline/train.ts'
import { plantedShop, writeShop } from '../train/planted.ts'

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-efficiency-')) })
afterAll(() => rm(folder, { recursive: true }))

it('what a system costs is its parameters, and the time to rank every domain for every user', async () => {
  const openTf = () => loadTf('cpu')
  const run = join(folder, 'run')
  const { manifest } = await trainStep({
    input: await writeShop(folder, plantedShop({ users: 20 })),
    out: run,
    settings: trainSettings({ system: 'sasrec-text' }, { width: 4, layers: 1, length: 6, sharedNegatives: 8, epochs: 1 }),
    openTf,
  })
  let clock = 0
  const found = await measureEfficiency(run, openTf, () => {
    clock += 1500
    return clock
  })
  expect(found).toEqual({
    backend: 'cpu',
    machine: expect.stringMatching(/, \d+ cores$/),
    parameters: manifest.parameters,
    users: 20,
    domains: 2,
    seconds: 1.5,
  })
})
