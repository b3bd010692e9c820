import { describe, expect, it } from 'vitest'
import { promisesOf, PROMISES } from '../../../bench/reliability/promises.ts'
import { reliabilityPage } from '../../../bench/reliability/report.ts'

const machine = { node: '20.0.0', cores: 2, date: '2026-01-01' }
const report = (title: string, status: string, figures?: string[]) => ({
  testResults: [{
    name: '/root/test/a.test.ts', assertionResults: [{ title, status, ...(figures === undefined ? {} : { meta: { figures } }) }],
  }],
})
const row = (page: string, number: number): string | undefined =>
  page.split('\n').find((line) => line.startsWith(`| P${number} |`))

describe('the page of promises', () => {
  it('knows which promises a title claims', () => {
    expect(promisesOf('P9, P10: queues are bounded')).toEqual([9, 10])
    expect(promisesOf('P9 is a promise')).toEqual([])
    expect(PROMISES.size).toBe(40)
  })

  it('shows each with its tests and figures, and says where there is none', () => {
    const page = reliabilityPage(report('P9, P10: is full at 8 | 9', 'passed', ['0 lost']), machine, '/root')
    expect(row(page, 9)).toBe('| P9 | Queues are bounded | yes | is full at 8 \\| 9 (`test/a.test.ts`) *0 lost* |')
    expect(row(page, 10)).toContain('| yes |')
    expect(row(page, 11)).toContain('| no test |')
  })

  it('calls a promise broken by one failure, and not all run by one that was left out', () => {
    expect(row(reliabilityPage(report('P1: x', 'failed'), machine, '/root'), 1)).toContain('| **no** |')
    expect(row(reliabilityPage(report('P1: x', 'skipped'), machine, '/root'), 1)).toContain('| not all run |')
  })
})
