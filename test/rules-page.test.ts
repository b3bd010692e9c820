import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/rules.md'), 'utf8')
const rows = [...page.matchAll(/^\| (\d+) \| .+? \| `(.+?)` \| (.+) \|$/gm)]
  .map(([, rule = '', file = '', name = '']) => ({ rule, file, name }))

describe('the page of rules', () => {
  it('has a test for each rule of what is built', () => {
    expect([...new Set(rows.map(({ rule }) => Number(rule)))])
      .toEqual(Array.from({ length: 31 }, (_, i) => i + 1))
  })

  it.each(rows)('names a test that exists: rule $rule, $name', ({ file, name }) => {
    const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
    expect(source).toContain(`'${name}'`)
  })
})
