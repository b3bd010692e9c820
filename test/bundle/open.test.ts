import { appendFile, cp, link, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { exitStatus } from '../../src/errors.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'

let tiny: TinyBundle
let scratch: string

beforeAll(async () => {
  tiny = await writeTinyBundle()
  scratch = await mkdtemp(join(tmpdir(), 'isthmus-open-'))
})

afterAll(async () => {
  await tiny.close()
  await rm(scratch, { recursive: true, force: true })
})

let copies = 0

/** A copy of the bundle's version directory that a test may break. */
async function copy (): Promise<string> {
  const to = join(scratch, `copy-${copies++}`)
  await cp(tiny.dir, to, { recursive: true })
  return to
}

async function editManifest (dir: string, edit: (manifest: Record<string, unknown>) => unknown): Promise<void> {
  const path = join(dir, 'manifest.json')
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, JSON.stringify(edit(value)))
}

interface Listed { path: string, size: number, sha256: string }

describe('a bundle', () => {
  it('opens by its root and by a version of it', async () => {
    for (const path of [tiny.root, tiny.dir]) {
      const bundle = await openBundle(path)
      expect(bundle.manifest).toEqual(tiny.manifest)
      expect((await bundle.readFloats('vectors-sport.f32', 60 * 32)).length).toBe(60 * 32)
    }
  })

  it('has the same bytes and the same version when it is written again', async () => {
    const again = await writeTinyBundle()
    expect(again.manifest).toEqual(tiny.manifest)
    await again.close()
  })

  it('refuses a file of another length than asked for', async () => {
    const bundle = await openBundle(tiny.dir)
    await expect(bundle.readFloats('vectors-sport.f32', 60 * 16)).rejects.toMatchObject({ code: 'artefact_invalid' })
  })

  it('refuses a file that changed after it was opened', async () => {
    const dir = await copy()
    const bundle = await openBundle(dir)
    await appendFile(join(dir, 'items-sport.jsonl'), '\n')
    await expect(bundle.read('items-sport.jsonl')).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  it('goes by the manifest that it is given, whatever lies there by then, and rests after each file', async () => {
    const dir = await copy()
    const { manifest } = await openBundle(dir)
    await writeFile(join(dir, 'manifest.json'), 'gone')
    let rests = 0
    const bundle = await openBundle(dir, { manifest, verify: 'on-read', pause: async () => { rests++ } })
    expect([bundle.manifest, rests]).toEqual([manifest, 0])
    await bundle.read('items-sport.jsonl')
    expect(rests).toBe(1)
    await appendFile(join(dir, 'vectors-sport.f32'), 'x')
    await expect(bundle.read('vectors-sport.f32')).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
    await expect(openBundle(dir, { manifest })).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  const file = 'vectors-sport.f32'
  const faults: ReadonlyArray<[string, string, (dir: string) => Promise<unknown>]> = [
    ['a file is missing', 'artefact_missing', async (dir) => await rm(join(dir, file))],
    ['a file is too many', 'artefact_invalid', async (dir) => await writeFile(join(dir, 'extra.bin'), 'x')],
    ['a directory is too many', 'artefact_path_invalid', async (dir) => await mkdir(join(dir, 'more'))],
    ['a file is cut', 'artefact_checksum_mismatch', async (dir) => await truncate(join(dir, file), 100)],
    ['a file is longer', 'artefact_checksum_mismatch', async (dir) => await appendFile(join(dir, file), 'x')],
    ['a bit is flipped', 'artefact_checksum_mismatch', async (dir) => {
      const bytes = await readFile(join(dir, file))
      bytes[77]! ^= 1
      await writeFile(join(dir, file), bytes)
    }],
    ['a file is a symbolic link', 'artefact_path_invalid', async (dir) => {
      await rename(join(dir, file), join(dir, '..', 'elsewhere.f32'))
      await symlink(join(dir, '..', 'elsewhere.f32'), join(dir, file))
    }],
    ['a file is a hard link', 'artefact_path_invalid', async (dir) => await link(join(dir, file), `${dir}.linked`)],
    ['a file is a directory', 'artefact_path_invalid', async (dir) => {
      await rm(join(dir, file))
      await mkdir(join(dir, file))
    }],
    ['the manifest is missing', 'artefact_missing', async (dir) => await rm(join(dir, 'manifest.json'))],
    ['the manifest is no JSON', 'artefact_invalid', async (dir) => await writeFile(join(dir, 'manifest.json'), '{')],
    ['the manifest is empty', 'artefact_invalid', async (dir) => await editManifest(dir, () => ({}))],
    ['the manifest is huge', 'artefact_checksum_mismatch', async (dir) => await truncate(join(dir, 'manifest.json'), 50e6)],
    ['the format is newer', 'format_unsupported', async (dir) => await editManifest(dir, (m) => ({ ...m, format: 2 }))],
    ['a field is unknown', 'artefact_invalid', async (dir) => await editManifest(dir, (m) => ({ ...m, more: 1 }))],
    ['a hash is in capitals', 'artefact_invalid', async (dir) => await editFile(dir, 'sha256', (v) => String(v).toUpperCase())],
    ['a size lies', 'artefact_checksum_mismatch', async (dir) => await editFile(dir, 'size', (v) => Number(v) + 1)],
    ['a path climbs out', 'artefact_path_invalid', async (dir) => await editFile(dir, 'path', () => '../elsewhere')],
    ['a path is absolute', 'artefact_path_invalid', async (dir) => await editFile(dir, 'path', () => '/etc/passwd')],
    ['a path holds a NUL', 'artefact_path_invalid', async (dir) => await editFile(dir, 'path', () => 'a\0b')],
    ['a path stands twice', 'artefact_invalid', async (dir) => await editManifest(dir, (m) => {
      const listed = m['files'] as Listed[]
      return { ...m, files: [...listed, listed[0]] }
    })],
  ]

  async function editFile (dir: string, key: keyof Listed, edit: (value: string | number) => unknown): Promise<void> {
    await editManifest(dir, (m) => ({
      ...m, files: (m['files'] as Listed[]).map((f, i) => i === 0 ? { ...f, [key]: edit(f[key]) } : f)
    }))
  }

  it.each(faults)('P7, P8, P24: is refused when %s (%s)', async (_, code, breakIt) => {
    const dir = await copy()
    await breakIt(dir)
    const error: unknown = await openBundle(dir).catch((error: unknown) => error)
    expect(error).toMatchObject({ code })
    expect(exitStatus(error)).toBe(78)
  })

  const pointers: ReadonlyArray<[string, string, string]> = [
    ['is empty', '', 'artefact_path_invalid'],
    ['climbs out', '../other', 'artefact_path_invalid'],
    ['is absolute', '/etc', 'artefact_path_invalid'],
    ['has two lines', '20260101T000000Z-00000000\n20260101T000000Z-00000000\n', 'artefact_path_invalid'],
    ['is long', 'x'.repeat(10_000), 'artefact_checksum_mismatch'],
    ['names what is not there', '20260101T000000Z-00000000\n', 'artefact_missing'],
  ]

  it.each(pointers)('P8: is refused when CURRENT %s', async (_, text, code) => {
    const root = join(scratch, `root-${copies++}`)
    await mkdir(root)
    await writeFile(join(root, 'CURRENT'), text)
    await expect(openBundle(root)).rejects.toMatchObject({ code })
  })
})
