import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compiled } from '../../src/paths.ts'
import { openStore } from '../../src/state/embedded/open-store.ts'

describe('npm run import-events', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'isthmus-import-'))
    await writeFile(join(dir, 'log.csv'), 'user_id,item_id,timestamp\nann,a,1400000000\n')
  })
  afterEach(async () => { await rm(dir, { recursive: true }) })

  const run = (...flags: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(compiled('scripts/import-events.ts')), ...flags], { encoding: 'utf8' })

  it('brings a log into the data directory and says what it did', async () => {
    const dataDir = join(dir, 'data')
    const { status, stdout } = run('--in', join(dir, 'log.csv'), '--data-dir', dataDir)
    expect([status, stdout]).toEqual([0, `${dataDir}: 1 events of 1 users brought in\n`])
    const store = await openStore(dataDir)
    expect((await store.history('ann', 10)).entries).toEqual([{ itemId: 'a', timestamp: 1_400_000_000_000 }])
    await store.close()
  })

  it('refuses with 75 while a service has the data directory', async () => {
    const store = await openStore(dir)
    const { status, stderr } = run('--in', join(dir, 'log.csv'), '--data-dir', dir)
    expect(status).toBe(75)
    expect(stderr).toContain('import-events: store_locked: ')
    await store.close()
  })

  it('refuses a call without a log', () => {
    expect(run('--data-dir', dir).status).toBe(78)
    expect(run('--in', join(dir, 'absent.csv'), '--data-dir', dir).stderr).toContain('input_missing')
  })
})
