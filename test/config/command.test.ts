import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCommand } from '../../src/config/command.ts'
import { IsthmusError } from '../../src/errors.ts'

describe('a command', () => {
  beforeEach(() => {
    vi.spyOn(console, 'log').mockImplementation(() => {})
    vi.spyOn(console, 'error').mockImplementation(() => {})
  })
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = undefined
  })

  it('ends an error we mean with one line and its exit status', async () => {
    await runCommand('train', { usage: '', args: [] }, async () => {
      throw new IsthmusError('artefact_missing', 'no such run')
    })
    expect(console.error).toHaveBeenCalledWith('train: artefact_missing: no such run')
    expect(process.exitCode).toBe(78)
  })

  it('shows the whole of an error nobody meant', async () => {
    const bug = new TypeError('x is undefined')
    await runCommand('train', { usage: '', args: [] }, async () => { throw bug })
    expect(console.error).toHaveBeenCalledWith(bug)
    expect(process.exitCode).toBe(1)
  })

  it('aborts its work on a first Ctrl-C and leaves no handler behind', async () => {
    const before = process.listenerCount('SIGINT')
    await runCommand('train', { usage: '', args: [] }, async (signal) => {
      expect(signal.aborted).toBe(false)
      process.emit('SIGINT')
      expect(signal.aborted).toBe(true)
      throw new IsthmusError('interrupted', 'stopped after 3 steps')
    })
    expect(process.exitCode).toBe(130)
    expect(process.listenerCount('SIGINT')).toBe(before)
  })

  it('takes two signals of one keypress as one, and ends by a later one', async () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5000)
    await runCommand('train', { usage: '', args: [] }, async () => {
      process.emit('SIGINT', 'SIGINT')
      clock.mockReturnValue(5100)
      process.emit('SIGINT', 'SIGINT')
      expect(kill).not.toHaveBeenCalled()
      clock.mockReturnValue(7000)
      process.emit('SIGTERM', 'SIGTERM')
      expect(kill).toHaveBeenCalledWith(process.pid, 'SIGTERM')
    })
  })

  it('shows its usage instead of working', async () => {
    const main = vi.fn(async () => {})
    await runCommand('train', { usage: 'npm run train', args: ['--in', 'x', '--help'] }, main)
    expect(main).not.toHaveBeenCalled()
    expect(console.log).toHaveBeenCalledWith('npm run train')
  })
})
