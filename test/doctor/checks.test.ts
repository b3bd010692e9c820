import { describe, expect, it } from 'vitest'
import { checkMachine, checkService, missing, type Probes, report, type ServiceProbes } from '../../src/doctor/checks.ts'

const fine: Probes = {
  nodeVersion: 'v22.1.0',
  training: async () => ({ backend: 'native', gpu: false }),
  onnx: async () => {},
  hnsw: async () => true,
  textEncoder: async () => 'all-MiniLM',
}
const ready: ServiceProbes = {
  settings: async () => 'listens at 127.0.0.1:3000',
  keys: async () => 'shop (read)',
  bundle: async () => 'models/demo: 2000 sport',
  embedder: async () => 'all-MiniLM',
  dataDir: async () => '/data: 12.0 GiB free',
  journal: async () => 'none yet',
  redis: async () => '8.0.2, single at 127.0.0.1:6379',
  ports: async () => '3000 is free',
}
const fails = async (): Promise<never> => { throw new Error('no such library\nand its stack') }

describe('the doctor', () => {
  it('finds what is there, in one line each', async () => {
    const findings = await checkMachine(fine)
    expect(findings.filter(({ found }) => !found).map(({ what }) => what)).toEqual([])
    const lines = report(findings).split('\n')
    expect(lines).toHaveLength(findings.length)
    expect(lines).toContainEqual(expect.stringMatching(/^found +training backend +native, no GPU$/))
    expect(missing(findings)).toEqual([])
  })

  it('says why something is absent and what to do, and goes on', async () => {
    const findings = await checkMachine({
      ...fine,
      training: fails,
      hnsw: async () => false,
      textEncoder: fails,
      onnx: async (provider) => { if (provider === 'cuda') await fails() },
    })
    const absent = findings.filter(({ found }) => !found)
    expect(absent.map(({ what }) => what))
      .toEqual(['training backend', 'ONNX Runtime, CUDA', 'index: hnsw', 'text encoder'])
    expect(absent.every(({ advice }) => advice !== undefined)).toBe(true)
    const text = report(findings)
    expect(text).toMatch(/absent {3}ONNX Runtime, CUDA +no such library\n +needed for a GPU alone/)
    expect(text).not.toContain('stack')
    expect(missing(findings)).toEqual([])
  })

  it('tells how to train faster where training is slow', async () => {
    const findings = await checkMachine({ ...fine, training: async () => ({ backend: 'wasm', gpu: false }) })
    expect(report(findings)).toContain('wasm, no GPU; npm run setup:native')
  })

  it.each([['v20.18.9', false], ['v20.19.0', true], ['v18.20.1', false], ['v24.0.0', true]])(
    'knows that Node %s %s', async (nodeVersion, found) => {
      const [node] = await checkMachine({ ...fine, nodeVersion })
      expect(node?.found).toBe(found)
    })

  it('names what a machine lacks what nothing starts without', async () => {
    const findings = await checkMachine({ ...fine, nodeVersion: 'v18.0.0', onnx: fails })
    expect(missing(findings)).toEqual(['Node', 'ONNX Runtime, CPU'])
  })

  it('refuses a machine that lacks what the settings name', async () => {
    const lacking = { ...fine, hnsw: async () => false, onnx: async (provider: string) => { if (provider === 'cuda') await fails() } }
    const findings = await checkMachine(lacking, { cuda: true, hnsw: true })
    expect(missing(findings)).toEqual(['ONNX Runtime, CUDA', 'index: hnsw'])
  })

  it('looks at all that the service needs', async () => {
    const findings = await checkService(ready)
    expect(findings.map(({ what, found }) => [what, found])).toEqual([
      'settings', 'API keys', 'bundle', 'text embedder', 'data directory', 'journal', 'Redis', 'ports',
    ].map((what) => [what, true]))
    expect(missing(findings)).toEqual([])
  })

  it('says what the service lacks, and which of it keeps it from running', async () => {
    const findings = await checkService({
      ...ready, keys: fails, bundle: fails, embedder: fails, dataDir: fails, journal: fails, redis: fails, ports: fails,
    })
    expect(findings.every(({ what, found, advice }) => what === 'settings' || (!found && advice !== undefined))).toBe(true)
    expect(missing(findings)).toEqual(['bundle', 'data directory'])
  })

  it('has nothing more to see where the settings are wrong', async () => {
    const findings = await checkService({ ...ready, settings: fails })
    expect(findings.map(({ what }) => what)).toEqual(['settings'])
    expect(missing(findings)).toEqual(['settings'])
  })
})
