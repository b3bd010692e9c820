import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare, STAGES } from '../../src/data/prepare.ts'
import type { PrepareOptions } from '../../src/data/prepare.ts'
import { EVENTS, ITEMS, prepared, withFiles } from './shop.ts'

const files = { 'interactions.csv': EVENTS, 'items.csv': ITEMS }
const run = (folder: string, more: Partial<PrepareOptions> = {}) => prepare({
  inputs: [join(folder, 'in')], out: join(folder, 'out'), settings: prepareSettings({ kCore: 'none' }), ...more,
})

describe('prepare', () => {
  it('records every setting it used, and where its input lies', () => withFiles(files, async (folder) => {
    const { manifest } = await run(folder)
    expect(manifest).toMatchObject({
      step: 'prepare',
      input: { dir: '../in' },
      inputs: [{ name: 'interactions.csv' }, { name: 'items.csv' }],
      settings: { kCore: 'none', ties: 'shuffle', seed: 42, maxBadShare: 0.01 },
    })
  }))

  it('counts what the filters took', () => withFiles({
    'interactions.csv': `${EVENTS}eve,s1,sport,1400000000\neve,c9,cloth,1400000001\n`,
    'items.csv': `${ITEMS}s9,sport,Net\n`,
  }, async (folder) => {
    const { manifest } = await run(folder)
    expect(manifest.leftOut).toEqual({ users: 1, items: 1, events: 2, itemsNeverBought: 1 })
    expect(manifest.statistics).toMatchObject({
      overlapUsers: 2,
      longest: 3,
      tiedShare: 0,
      domains: { sport: { items: 2, events: 4, users: 2, validTargets: 1, testTargets: 2 } },
    })
    expect(await readdir(join(folder, 'out'))).toEqual([
      'candidates-test.i32', 'candidates-valid.i32', 'events.i32', 'items.jsonl', 'manifest.json', 'offsets.u32',
      'times.f64', 'users.txt',
    ])
    expect((await readdir(folder)).sort()).toEqual(['in', 'out'])
  }))

  it('is skipped while bytes and settings are the same, wherever the files lie, and not otherwise', () =>
    withFiles(files, async (folder) => {
      const first = await run(folder)
      expect(first.skipped).toBe(false)
      expect(await run(folder)).toEqual({ manifest: first.manifest, skipped: true })

      await mkdir(join(folder, 'else'))
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'else', name), text)
      expect((await run(folder, { inputs: [join(folder, 'else')] })).skipped).toBe(true)

      const other = await run(folder, { settings: prepareSettings({ kCore: 'none', seed: 43 }) })
      expect(other.skipped).toBe(false)
      expect(other.manifest.digest).not.toBe(first.manifest.digest)

      await writeFile(join(folder, 'in', 'items.csv'), ITEMS.replace('Ball', 'Balls'))
      expect((await run(folder)).skipped).toBe(false)
      await rm(join(folder, 'out', 'events.i32'))
      expect((await run(folder)).skipped).toBe(false)
    }))

  it('does not blame the file where memory is too small', () => withFiles(files, async (folder) => {
    const error: unknown = await run(folder, { limits: { memory: '16MB', threads: 1 } }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringContaining('Out of Memory') as string })
    expect(error).not.toHaveProperty('code', 'input_unreadable')
  }))

  it('refuses an item in two domains, by events or by descriptions', async () => {
    const wanted = { code: 'item_in_two_domains', message: expect.stringContaining('s1 (cloth and sport)') as string }
    await expect(prepared({ ...files, 'interactions.csv': `${EVENTS}ann,s1,cloth,1400000030\n` })).rejects.toMatchObject(wanted)
    await expect(prepared({ ...files, 'items.csv': `${ITEMS}s1,cloth,Ball\n` })).rejects.toMatchObject(wanted)
    await expect(prepared({ ...files, 'items.csv': ITEMS.replace('s1,sport', 's1,cloth') })).rejects.toMatchObject(wanted)
  })

  it.each(STAGES.slice(1))('stops when it is told to while %s, and leaves all as it was', (name) =>
    withFiles(files, async (folder) => {
      const { manifest } = await run(folder)
      const stop = new AbortController()
      const stopped = run(folder, {
        settings: prepareSettings({ kCore: 'none', seed: 43 }),
        signal: stop.signal,
        onProgress: (_done, stage) => { if (stage === name) stop.abort() },
      })
      await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
      expect(await run(folder)).toEqual({ manifest, skipped: true })
      expect((await readdir(folder)).sort()).toEqual(['in', 'out'])
    }))
})

describe('settings of prepare', () => {
  it('come from flags and config files alike', () => {
    const wanted = { kCore: { user: 5, item: 4 }, ties: 'input', seed: 7, maxBadShare: 0.5, domains: ['a', 'b'] }
    expect(prepareSettings({ kCore: '5,4', ties: 'input', seed: '7', maxBadShare: '0.5', domains: 'a,b' })).toEqual(wanted)
    expect(prepareSettings(wanted)).toEqual(wanted)
    expect(prepareSettings({ kCore: '5' }).kCore).toEqual({ user: 5, item: 5 })
    expect(prepareSettings({})).toEqual({ kCore: { user: 5, item: 3 }, ties: 'shuffle', seed: 42, maxBadShare: 0.01 })
  })

  it.each([
    ['kCore', '5,3,1'], ['kCore', 'five'], ['kCore', '-1,3'], ['kCore', ''], ['kCore', {}], ['ties', 'random'], ['seed', '1.5'],
    ['seed', ''], ['seed', null], ['maxBadShare', 2], ['maxBadShare', 'all'], ['domains', ''], ['domains', ['a', 'a']],
    ['domains', [1]], ['colour', 'red'],
  ])('are refused with the name of the field: %s = %j', (field, value) => {
    expect(() => prepareSettings({ [field]: value }))
      .toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }) as Error)
  })
})
