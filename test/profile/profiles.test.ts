import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeStep } from '../../src/files/step.ts'
import { openProfiles, PROFILE, writeProfiles } from '../../src/profile/profiles.ts'

const folder = await mkdtemp(join(tmpdir(), 'isthmus-profiles-'))
afterAll(async () => await rm(folder, { recursive: true }))

describe('profiles', () => {
  it('are read as they were written, with who wrote them and who has none', async () => {
    const rows = Float32Array.of(1, 2, 0, 0, 5, 6)
    const known = Float32Array.of(1, 0, 1)
    const dir = join(folder, 'profiles')
    const input = { dir: folder, digest: 'of the embeddings' }
    await writeStep(dir, { step: PROFILE, input, settings: {} }, (to) => writeProfiles(to, { rows, known }, 'extractive'))
    const opened = await openProfiles(dir)
    expect(opened).toMatchObject({ rows, known, width: 2, chat: 'extractive', manifest: { users: 3, without: 1 } })
    expect(opened.manifest.input?.digest).toBe('of the embeddings')
  })
})
