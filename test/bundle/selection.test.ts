import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CURRENT_FILE } from '../../src/bundle/pointer.ts'
import { pointTo, readPrevious, readSelection, selectionMark, TRAFFIC_FILE, writeSelection } from '../../src/bundle/selection.ts'

const A = '20260101T000000Z-aaaaaaaa'
const B = '20260102T000000Z-bbbbbbbb'
const half = { variant: 'b', version: B, weight: 0.5 }

let root: string
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'isthmus-selection-')) })
afterEach(async () => { await rm(root, { recursive: true }) })

describe('the selection of a root', () => {
  it('is read as it was written, and remembers what was current', async () => {
    await pointTo(root, A)
    expect(await readSelection(root)).toEqual({ version: A, variants: [] })
    expect(await readPrevious(root)).toBeUndefined()
    await writeSelection(root, { version: A, variants: [half] })
    expect(await readSelection(root)).toEqual({ version: A, variants: [half] })
    await writeSelection(root, { version: B, variants: [] })
    expect(await readSelection(root)).toEqual({ version: B, variants: [] })
    expect(await readPrevious(root)).toBe(A)
    expect((await readdir(root)).sort()).toEqual(['CURRENT', 'PREVIOUS', 'TRAFFIC.json'])
  })

  it('forgets a variant that became current', async () => {
    await writeSelection(root, { version: A, variants: [half] })
    await pointTo(root, B)
    expect(await readSelection(root)).toEqual({ version: B, variants: [] })
  })

  it('has another mark whenever it is written', async () => {
    const marks = [await selectionMark(root)]
    for (const write of [
      async () => await pointTo(root, A), async () => await writeFile(join(root, CURRENT_FILE), `${B}\n `),
      async () => await writeSelection(root, { version: A, variants: [half] }),
    ]) {
      await write()
      marks.push(await selectionMark(root))
    }
    expect(new Set(marks).size).toBe(4)
  })

  it.each([
    ['no JSON', '{'], ['no list', '{"variants":{}}'], ['more', JSON.stringify({ variants: [{ ...half, more: 1 }] })],
    ['two of one name', JSON.stringify({ variants: [{ ...half, weight: 0.1 }, { ...half, version: A, weight: 0.1 }] })],
    ['a name of the lead', JSON.stringify({ variants: [{ ...half, variant: 'control' }] })],
    ['a name that is no label', JSON.stringify({ variants: [{ ...half, variant: 'b"} 1' }] })],
    ['all users', JSON.stringify({ variants: [half, { variant: 'c', version: A, weight: 0.5 }] })],
    ['a weight that is none', JSON.stringify({ variants: [{ ...half, weight: -1 }] })],
  ])('is refused where the traffic holds %s', async (_, text) => {
    await pointTo(root, '20260103T000000Z-cccccccc')
    await writeFile(join(root, TRAFFIC_FILE), text)
    await expect(readSelection(root)).rejects.toMatchObject({ code: 'artefact_invalid' })
  })

  it('can be written over a pointer that cannot be read', async () => {
    await writeFile(join(root, CURRENT_FILE), '../elsewhere')
    await writeSelection(root, { version: A, variants: [] })
    expect(await readSelection(root)).toEqual({ version: A, variants: [] })
  })
})
