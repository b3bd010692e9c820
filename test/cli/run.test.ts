import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { runCommand } from '../../src/cli/run.ts'
import { IsthmusError } from '../../src/errors.ts'

const TRAIN = {
  name: 'train', group: 'build', summary: 'Trains', flags: { in: { type: 'string', says: 'x' } }, examples: [], json: 'it',
} as const satisfies Command
const NO_RUN = new IsthmusError('artefact_missing', 'no such run', { place: { file: 'x/manifest.json' } })
const fails = async (): Promise<never> => { throw NO_RUN }

describe('a command', () => {
  const printed = (): string => vi.mocked(console.log).mock.calls.map(([text]) => String(text)).join('\n')
  const told = (): string => vi.mocked(console.error).mock.calls.map(([text]) => String(text)).join('\n')

  beforeEach(() => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = undefined
  })

  it('says what came of it, or gives it to a program', async () => {
    const main = async () => ({ says: 'best is 3', result: { best: 3 } })
    await runCommand(TRAIN, main, { args: [] })
    expect(printed()).toBe('best is 3')
    await runCommand(TRAIN, main, { args: ['--json'] })
    expect(JSON.parse(String(vi.mocked(console.log).mock.lastCall![0]))).toEqual({ best: 3 })
    expect(process.exitCode).toBeUndefined()
  })

  it('ends an error we mean with one line, one that says what to do next, and its exit status', async () => {
    await runCommand(TRAIN, fails, { args: [] })
    expect(told()).toMatch(/^train: artefact_missing: no such run\n {2}next: \S.+$/)
    expect(printed()).toBe('')
    expect(process.exitCode).toBe(78)
  })

  it('gives a program the error as well', async () => {
    await runCommand(TRAIN, fails, { args: ['--json'] })
    expect(JSON.parse(printed())).toEqual({
      error: { code: 'artefact_missing', message: 'no such run', file: 'x/manifest.json', next: expect.any(String) },
    })
  })

  it('points at its help where a flag is wrong', async () => {
    const main = vi.fn(async () => {})
    await runCommand(TRAIN, main, { args: ['--inn', 'x'] })
    expect(main).not.toHaveBeenCalled()
    expect(told()).toBe(
      "train: config_invalid: Unknown option '--inn'; did you mean --in?\n  next: isthmus train --help lists what it takes")
    expect(process.exitCode).toBe(78)
  })

  it('shows the whole of an error nobody meant', async () => {
    const bug = new TypeError('x is undefined')
    await runCommand(TRAIN, async () => { throw bug }, { args: [] })
    expect(console.error).toHaveBeenCalledWith(bug)
    expect(process.exitCode).toBe(1)
  })

  it('aborts its work on a first Ctrl-C and leaves no handler behind', async () => {
    const before = process.listenerCount('SIGINT')
    await runCommand(TRAIN, async ({ signal }) => {
      expect(signal.aborted).toBe(false)
      process.emit('SIGINT')
      expect(signal.aborted).toBe(true)
      throw new IsthmusError('interrupted', 'stopped after 3 steps')
    }, { args: [] })
    expect(process.exitCode).toBe(130)
    expect(process.listenerCount('SIGINT')).toBe(before)
  })

  it('takes two signals of one keypress as one, and ends by a later one', async () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5000)
    await runCommand(TRAIN, async () => {
      process.emit('SIGINT', 'SIGINT')
      clock.mockReturnValue(5100)
      process.emit('SIGINT', 'SIGINT')
      expect(kill).not.toHaveBeenCalled()
      clock.mockReturnValue(7000)
      process.emit('SIGTERM', 'SIGTERM')
      expect(kill).toHaveBeenCalledWith(process.pid, 'SIGTERM')
    }, { args: [] })
  })

  it('leaves signals to one that lives on', async () => {
    const before = process.listenerCount('SIGTERM')
    await runCommand(TRAIN, async () => {
      expect(process.listenerCount('SIGTERM')).toBe(before)
    }, { args: [], livesOn: true })
  })

  it('shows its help instead of working', async () => {
    const main = vi.fn(async () => {})
    await runCommand(TRAIN, main, { args: ['--in', 'x', '--help'] })
    expect(main).not.toHaveBeenCalled()
    expect(printed()).toContain('Usage: npx isthmus train')
  })
})
