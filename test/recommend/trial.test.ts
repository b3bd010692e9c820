import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises'
import { fork } from 'node:child_process'
import { constants, getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTrials, startTrialProcess } from '../../src/recommend/trial.ts'
import { writeTinyBundle } from '../support/tiny-bundle.ts'

describe('a trial', () => {
  it('tells good bundles from bad, one after another in one process', async () => {
    const tiny = await writeTinyBundle({ itemsPerDomain: 12 })
    const scratch = await mkdtemp(join(tmpdir(), 'isthmus-trial-'))
    const trials = createTrials()
    try {
      await cp(tiny.dir, scratch, { recursive: true })
      await appendFile(join(scratch, 'golden.json'), ' ')
      await trials.run({ bundle: tiny.root, provider: 'cpu' })
      await expect(trials.run({ bundle: scratch, provider: 'cpu' })).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
      await trials.run({ bundle: tiny.dir, provider: 'cpu' })
    } finally {
      trials.close()
      await tiny.close()
      await rm(scratch, { recursive: true })
    }
  })

  it('leaves the cores to what answers, from its start', () => {
    const child = startTrialProcess()
    try {
      expect(getPriority(child.pid)).toBe(constants.priority.PRIORITY_BELOW_NORMAL)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('that ends its process, or never ends, is a refusal', async () => {
    const script = (code: string) => () => fork('-e', [code], { execArgv: [], stdio: 'ignore' })
    for (const [code, withinMs, message] of [
      ["process.on('message', () => process.abort())", 60_000, /SIGABRT/],
      ["process.on('message', () => process.exit(3))", 60_000, /\(3\)/],
      ["process.on('message', () => {})", 50, /after 50 ms/],
    ] as const) {
      const trials = createTrials({ withinMs, start: script(code) })
      await expect(trials.run({ bundle: '/any' })).rejects.toMatchObject({
        code: 'artefact_invalid', message: expect.stringMatching(message),
      })
    }
  })
})
