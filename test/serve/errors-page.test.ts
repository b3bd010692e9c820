import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES, exitStatus, IsthmusError } from '../../src/errors.ts'
import { isProblemCode, PROBLEMS } from '../../src/serve/problems.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| .+ \| .+ \|$/gm)]
  .map(([, code = '', status = '']) => ({ code, status: Number(status) }))

describe('docs/errors.md', () => {
  it('has every code once, and no other', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual([...ERROR_CODES].sort())
  })

  it('gives each code the status it has', () => {
    for (const { code, status } of rows) {
      const known = ERROR_CODES.find((one) => one === code)!
      const wanted = isProblemCode(code) ? PROBLEMS[code][0] : exitStatus(new IsthmusError(known, 'x'))
      expect({ code, status }).toEqual({ code, status: wanted })
    }
  })

  it('names every code by which an event is rejected', () => {
    for (const code of ['validation_failed', 'conflict', 'future', 'too_old', 'stuffing']) {
      expect(page).toMatch(new RegExp(`^\\| \`${code}\` \\| [^|]+ \\|$`, 'm'))
    }
  })
})
