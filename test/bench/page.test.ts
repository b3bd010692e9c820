import { describe, expect, it } from 'vitest'
import { asBlock, withSection } from '../../bench/page.ts'

describe('the page of what was measured', () => {
  const page = withSection(withSection('# Head\n', 'bench:a', 'A', 'first a'), 'bench:b', 'B', 'first b')

  it('has a section for each command, in the order in which they first came', () => {
    const first = '<!-- bench:a -->\n## A\n\n`npm run bench:a -- --write`\n\nfirst a\n<!-- end of bench:a -->'
    expect(page.startsWith(`# Head\n\n${first}\n\n`)).toBe(true)
    expect(page).toMatch(/<!-- bench:b -->\n[^]*first b\n<!-- end of bench:b -->\n$/)
  })

  it('keeps the columns of a report, and its last sentence as one', () => {
    expect(asBlock('two cores.', 'a   b\n1   2\n\nIt holds: yes.')).toBe('two cores.\n\n```\na   b\n1   2\n```\n\nIt holds: yes.')
  })

  it('gets a new section in the place of the old one, and keeps the others', () => {
    expect(withSection(page, 'bench:a', 'A', 'second a')).toBe(page.replace('first a', 'second a'))
  })
})
