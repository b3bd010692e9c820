import { describe, expect, it, vi } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { runSteps } from '../../src/pipeline/steps.ts'
import type { Step } from '../../src/pipeline/steps.ts'

const step = (name: string, skipped = false): Step & { run: ReturnType<typeof vi.fn<Step['run']>> } => ({
  name, run: vi.fn<Step['run']>(async () => ({ skipped, digest: `${name}-0123456789abcdef`, says: `${name} is there` })),
})

describe('a chain of steps', () => {
  it('runs in order and says of each its name, what became of it and how long it took', async () => {
    const lines: string[] = []
    let clock = 0
    const now = (): number => { clock += 1500; return clock }
    const outcomes = await runSteps([step('prepare', true), step('embed')], { say: (line) => { lines.push(line) }, now })
    expect(lines).toEqual([
      '[1/2] prepare …',
      '[1/2] prepare: skipped, unchanged since it was made (checked in 2 s): prepare is there; digest prepare-0123',
      '[2/2] embed …',
      '[2/2] embed: done in 2 s: embed is there; digest embed-012345',
    ])
    expect(outcomes.map(({ skipped }) => skipped)).toEqual([true, false])
  })

  it('ends at the first error, which stays as it is', async () => {
    const lines: string[] = []
    const broken = step('embed')
    const error = new IsthmusError('embedder_failed', 'no answer')
    broken.run.mockRejectedValue(error)
    const after = step('train')
    await expect(runSteps([broken, after], { say: (line) => { lines.push(line) } })).rejects.toBe(error)
    expect(after.run).not.toHaveBeenCalled()
    expect(lines.at(-1)).toMatch(/^\[1\/2\] embed: failed after/)
  })

  it('begins no step after a stop', async () => {
    const stop = new AbortController()
    const first = step('prepare')
    first.run.mockImplementation(async () => {
      stop.abort()
      return { skipped: false, digest: '', says: '' }
    })
    const second = step('embed')
    await expect(runSteps([first, second], { say () {}, signal: stop.signal }))
      .rejects.toThrow(expect.objectContaining({ code: 'interrupted', message: 'stopped before embed' }))
    expect(second.run).not.toHaveBeenCalled()
  })
})
