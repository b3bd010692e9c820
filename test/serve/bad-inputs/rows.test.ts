import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../../src/paths.ts'
import { ELSEWHERE, NOT_HERE, type Section, SECTIONS } from './not-here.ts'

const read = async (file: string): Promise<string> => await readFile(join(packageRoot, file), 'utf8')

describe('the rows of bad input', () => {
  it.each(Object.keys(SECTIONS) as Section[])('of %s each have a test, or a reason to have none', async (section) => {
    let text = await read(`test/serve/bad-inputs/${section}.test.ts`)
    if (section === 'transport') text += await read('test/serve/bad-inputs/malformed.ts')
    const named = [...text.matchAll(/(?:['"`(]|\brows? )T?(\d{1,2}(?:(?:, | and )\d{1,2})*)(?=[ :])/g)]
      .flatMap(([, numbers = '']) => numbers.split(/, | and /).map(Number))
    const told = [...ELSEWHERE, ...NOT_HERE].flatMap(([of, row]) => of === section ? [row] : [])
    const all = Array.from({ length: SECTIONS[section] }, (_, i) => i + 1)
    expect(all.filter((row) => !named.includes(row) && !told.includes(row))).toEqual([])
    expect(NOT_HERE.filter(([of, row]) => of === section && named.includes(row))).toEqual([])
  })

  it('that are tested elsewhere are', async () => {
    for (const [section, row, file, title] of ELSEWHERE) {
      expect(await read(file), `${section} row ${row} in ${file}`).toContain(title)
    }
  })
})
