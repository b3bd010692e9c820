import { describe, expect, it } from 'vitest'
import { missingTools, runTool } from '../../src/tools/run-tool.ts'

const options = { environment: process.env, code: 'provider_unavailable' } as const

describe('a program of the system', () => {
  it('gives what it printed', async () => {
    expect(await runTool('sh', ['-c', 'echo out; echo err >&2'], options)).toBe('out\nerr\n')
  })

  it('fails with its status and what it printed, by the code of who called it', async () => {
    await expect(runTool('sh', ['-c', 'echo no registry; exit 3'], options)).rejects.toMatchObject({
      code: 'provider_unavailable', message: 'sh -c: ended with status 3\nno registry\n',
    })
    await expect(runTool('no-such-program', [], { ...options, code: 'backend_unavailable' })).rejects.toMatchObject({
      code: 'backend_unavailable', message: expect.stringContaining('does not start; is it installed?'),
    })
  })

  it('is missing where it does not run', async () => {
    expect(await missingTools({
      'a shell': ['sh', '-c', 'true'], 'a broken one': ['sh', '-c', 'false'], nothing: ['no-such-program'],
    }, options)).toEqual(['a broken one', 'nothing'])
  })
})
