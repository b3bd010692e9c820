import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { canonicalJson, sha256, sha256File } from '../../src/files/hash.ts'
import { readFloat32, readFloat64, readInt32, readJson, readUint32 } from '../../src/files/read.ts'
import { writeFileAtomic, writeNumbers } from '../../src/files/write.ts'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-files-')) })
afterEach(() => rm(folder, { recursive: true }))

describe('number files', () => {
  it('are little-endian without a header', async () => {
    await writeNumbers(join(folder, 'f'), Float32Array.of(1, -2))
    await writeNumbers(join(folder, 'i'), Int32Array.of(1, -1))
    expect((await readFile(join(folder, 'f'))).toString('hex')).toBe('0000803f000000c0')
    expect((await readFile(join(folder, 'i'))).toString('hex')).toBe('01000000ffffffff')
  })

  it('give back what was written, also a part of a larger array', async () => {
    await writeNumbers(join(folder, 'f'), Float32Array.of(9, 0.1, 3).subarray(1))
    expect(await readFloat32(join(folder, 'f'), 2)).toEqual(Float32Array.of(0.1, 3))
    await writeNumbers(join(folder, 'u'), Uint32Array.of(4e9))
    expect(await readUint32(join(folder, 'u'))).toEqual(Uint32Array.of(4e9))
    await writeNumbers(join(folder, 'd'), Float64Array.of(1.4e12 + 0.5))
    expect(await readFloat64(join(folder, 'd'))).toEqual(Float64Array.of(1.4e12 + 0.5))
    await writeNumbers(join(folder, 'n'), new Int32Array(0))
    expect(await readInt32(join(folder, 'n'), 0)).toEqual(new Int32Array(0))
  })

  it('are refused when absent, cut, or of another length', async () => {
    const path = join(folder, 'f')
    await expect(readFloat32(path)).rejects.toMatchObject({ code: 'artefact_missing', place: { file: path } })
    await writeFile(path, Buffer.alloc(7))
    await expect(readFloat32(path)).rejects.toMatchObject({ code: 'artefact_invalid' })
    await writeFile(path, Buffer.alloc(8))
    await expect(readFloat32(path, 3)).rejects.toMatchObject({ code: 'artefact_invalid' })
  })
})

describe('small files', () => {
  it('are replaced whole and leave no temporary file', async () => {
    const path = join(folder, 'new', 'a.json')
    await writeFileAtomic(path, '{"a":1}')
    await writeFileAtomic(path, '{"a":2}')
    expect(await readJson(path)).toEqual({ a: 2 })
    expect(await readdir(join(folder, 'new'))).toEqual(['a.json'])
  })

  it('that are no JSON, or absent, are told by code', async () => {
    await expect(readJson(join(folder, 'a'))).rejects.toMatchObject({ code: 'artefact_missing' })
    await writeFile(join(folder, 'a'), '{')
    await expect(readJson(join(folder, 'a'))).rejects.toMatchObject({ code: 'artefact_invalid' })
  })

  it('hash as sha256 does', async () => {
    await writeFile(join(folder, 'a'), 'abc')
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(await sha256File(join(folder, 'a'))).toBe(abc)
    expect(sha256('abc')).toBe(abc)
    await expect(sha256File(join(folder, 'b'))).rejects.toMatchObject({ code: 'artefact_missing' })
  })

  it('have one canonical text whatever the order of keys', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}')
  })
})
