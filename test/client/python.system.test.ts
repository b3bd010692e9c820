import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ServiceProcess, startProcess } from '../serve/process.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'

const SCRIPT = join(import.meta.dirname, '../../client/examples/recommend.py')

describe('the Python example', () => {
  let tiny: TinyBundle
  let service: ServiceProcess
  const run = (...args: string[]) => spawnSync('python3', [SCRIPT, ...args], { encoding: 'utf8' })

  beforeAll(async () => {
    tiny = await writeTinyBundle()
    service = await startProcess({ DATA_DIR: join(tiny.root, '..', 'data') }, ['--bundle', tiny.root])
  })
  afterAll(async () => {
    await service.stop()
    await tiny.close()
  })

  it('prints what a user is offered', () => {
    const { status, stdout, stderr } = run(service.address, 'sport', 'user-0')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.trim().split('\n').map((line) => line.split('\t')[0])).toEqual(['1', '2', '3', '4', '5'])
  })

  it('names the code of a problem', () => {
    const { status, stderr } = run(service.address, 'no-such', 'user-0')
    expect(status).toBe(1)
    expect(stderr).toContain('RuntimeError: unknown_domain: ')
  })
})
