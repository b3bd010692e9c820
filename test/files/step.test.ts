import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isCurrent, readStep, writeStep } from '../../src/files/step.ts'

let folder: string
let out: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-step-'))
  out = join(folder, 'out')
})
afterEach(() => rm(folder, { recursive: true }))

const plan = { step: 'prepare', input: { dir: '/data', digest: 'abc' }, settings: { seed: 42, kCore: { user: 5, item: 3 } } }

async function make (text = 'one', wanted = plan) {
  return writeStep(out, wanted, async (dir) => {
    await mkdir(join(dir, 'deep'))
    await writeFile(join(dir, 'deep', 'a.txt'), text)
    return { rows: 3 }
  })
}

describe('a step directory', () => {
  it('holds its files, and a manifest with hashes, settings and the fields of its step', async () => {
    const written = await make()
    const read = await readStep(out, 'prepare')
    expect(read).toEqual(written)
    expect(read).toMatchObject({ format: 1, step: 'prepare', rows: 3, settings: plan.settings })
    expect(Object.keys(read.files)).toEqual(['deep/a.txt'])
    expect(read.files['deep/a.txt']).toMatchObject({ bytes: 3 })
    expect(await readdir(folder)).toEqual(['out'])
  })

  it('has one digest for equal content, and another for another input, setting or byte', async () => {
    const first = await make()
    expect((await make()).digest).toBe(first.digest)
    expect((await make('two')).digest).not.toBe(first.digest)
    expect((await make('one', { ...plan, input: { dir: '/data', digest: 'abd' } })).digest).not.toBe(first.digest)
    expect((await make('one', { ...plan, settings: { ...plan.settings, seed: 43 } })).digest).not.toBe(first.digest)
  })

  it('is current for the plan that made it, whatever the order of the settings, and for no other', async () => {
    expect(await isCurrent(out, plan)).toBe(false)
    await make()
    expect(await isCurrent(out, plan)).toBe(true)
    expect(await isCurrent(out, { ...plan, settings: { kCore: { item: 3, user: 5 }, seed: 42 } })).toBe(true)
    expect(await isCurrent(out, { ...plan, settings: { seed: 42 } })).toBe(false)
    expect(await isCurrent(out, { ...plan, input: { dir: '/data', digest: 'x' } })).toBe(false)
    expect(await isCurrent(out, { ...plan, step: 'embed' })).toBe(false)
    await rm(join(out, 'deep', 'a.txt'))
    expect(await isCurrent(out, plan)).toBe(false)
  })

  it('stays as it was where the new one fails', async () => {
    await make()
    await expect(writeStep(out, plan, async (dir) => {
      await writeFile(join(dir, 'half'), 'x')
      throw new Error('stopped')
    })).rejects.toThrow('stopped')
    expect(await readFile(join(out, 'deep', 'a.txt'), 'utf8')).toBe('one')
    expect(await readdir(folder)).toEqual(['out'])
  })

  it('refuses a changed file, another step, another format and no manifest, each by its code', async () => {
    await expect(readStep(out, 'prepare')).rejects.toMatchObject({ code: 'artefact_missing' })
    await make()
    await expect(readStep(out, 'embed')).rejects.toMatchObject({ code: 'artefact_invalid', place: { field: 'step' } })
    await writeFile(join(out, 'deep', 'a.txt'), 'eno')
    await expect(readStep(out, 'prepare')).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
    await writeFile(join(out, 'manifest.json'), '{"format":2,"step":"prepare","files":{}}')
    await expect(readStep(out, 'prepare')).rejects.toMatchObject({ code: 'format_unsupported' })
    await writeFile(join(out, 'manifest.json'), 'x')
    await expect(readStep(out, 'prepare')).rejects.toMatchObject({ code: 'artefact_invalid' })
  })

  it('never replaces a folder that holds something else', async () => {
    await mkdir(out)
    await writeFile(join(out, 'thesis.txt'), 'years of work')
    await expect(make()).rejects.toMatchObject({ code: 'artefact_path_invalid' })
    expect(await readdir(out)).toEqual(['thesis.txt'])
  })
})
