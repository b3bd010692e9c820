import { describe, expect, it } from 'vitest'
import { checkMachine, missing, type Probes, report } from '../../src/doctor/checks.ts'

const fine: Probes = {
  nodeVersion: 'v22.1.0',
  training: async () => ({ backend: 'native', gpu: false }),
  onnx: async () => {},
  hnsw: async () => true,
  textEncoder: async () => 'all-MiniLM',
  redis: async () => '8.0.2 at 127.0.0.1:6379',
  bundle: async () => 'models/demo: 2000 sport',
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
      redis: fails,
      textEncoder: fails,
      bundle: fails,
      onnx: async (provider) => { if (provider === 'cuda') await fails() },
    })
    const absent = findings.filter(({ found }) => !found)
    expect(absent.map(({ what }) => what))
      .toEqual(['training backend', 'ONNX Runtime, CUDA', 'index: hnsw', 'Redis', 'text encoder', 'bundle'])
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
})
