import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'
import { benchLog, writeBenchLog } from '../../src/pipeline/bench-log.ts'

it('a generated log has the events asked for, is the same for one seed, and can be prepared', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'isthmus-bench-log-'))
  try {
    await writeBenchLog(dir, benchLog(20_000, 1))
    const text = await readFile(join(dir, 'interactions.csv'), 'utf8')
    expect(text.trim().split('\n').length).toBe(20_001)
    const { manifest } = await prepare({ inputs: [dir], out: join(dir, 'out'), settings: prepareSettings({}) })
    expect(manifest).toMatchObject({
      badRows: { interactions: { rows: 20_000, bad: 0 }, items: { rows: 200, bad: 0 } },
      domains: [expect.objectContaining({ name: 'sport' }), expect.objectContaining({ name: 'cloth' })],
    })
    await writeBenchLog(dir, benchLog(20_000, 1))
    expect(await readFile(join(dir, 'interactions.csv'), 'utf8')).toBe(text)
  } finally {
    await rm(dir, { recursive: true })
  }
})
