import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AUGMENT, openAugmentation, writeAugmentation } from '../../src/augment/augmentation-files.ts'
import { writeStep } from '../../src/files/step.ts'
import { augmentation } from '../data/augmented-shop.ts'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-augmentation-')) })
afterEach(() => rm(folder, { recursive: true }))

describe('a directory of synthetic events', () => {
  it('opens as what was written, and says how much it holds', async () => {
    const out = join(folder, 'out')
    const rows = Float32Array.of(1, 2, 3, 4, 5, 6)
    const written = { augmentation, width: 3, rows }
    await writeStep(out, { step: AUGMENT, settings: {} }, (dir) => writeAugmentation(dir, written))
    const opened = await openAugmentation(out)
    expect(opened).toMatchObject({ augmentation, width: 3, rows })
    expect(opened.manifest).toMatchObject({ users: 2, events: 5, syntheticEvents: 2, freshItems: 2 })
  })
})
