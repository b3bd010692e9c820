import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { contentCache } from '../../src/paths.ts'
import { demo, demoSettings } from '../../src/pipeline/demo.ts'
import type { Demo } from '../../src/pipeline/demo.ts'

describe('demo', () => {
  let folder = ''
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-demo-')) })
  afterAll(async () => await rm(folder, { recursive: true }))

  const run = async (lines: string[], signal = new AbortController().signal): Promise<Demo> => await demo({
    models: join(folder, 'models'),
    users: 150,
    flags: { backend: 'wasm', epochs: '1' },
    context: {
      work: join(folder, 'work'),
      cache: contentCache,
      env: {},
      signal,
      progress: () => ({ update () {}, finish () {} }),
      onBadRow: ({ reason }) => { throw new Error(reason) },
      say: (line) => lines.push(line),
    },
  })

  it('goes from nothing to a bundle, and does nothing the second time', async () => {
    const first: string[] = []
    const { dir, trained } = await run(first)
    const { manifest } = await openBundle(join(folder, 'models/demo'))
    expect(manifest).toMatchObject({ name: 'demo', generated: true, version: basename(dir) })
    expect(manifest.metrics).toMatchObject({ full: { all: { hr10: trained.hr10 } } })

    // What an earlier demo left goes; what is served stays.
    await mkdir(join(folder, 'models/demo/20200101T000000Z-00000000'))
    const second: string[] = []
    expect(await run(second)).toEqual(await run([]))
    expect(second.filter((line) => line.includes('skipped'))).toHaveLength(7)
    expect((await readdir(join(folder, 'models/demo'))).sort()).toEqual([basename(dir), 'CURRENT'].sort())
  })

  it('stops where it is told to', async () => {
    await expect(run([], AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' })
  })

  it('refuses a flag that is wrong before it begins', () => {
    expect(() => demoSettings({ seed: 'x' })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
    expect(() => demoSettings({ backend: 'abacus' })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})
