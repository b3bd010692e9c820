import { describe, expect, it } from 'vitest'
import { agrees, type GpuFigures, gpuReport } from '../../../bench/gpu/report.ts'

const FIGURES: GpuFigures = {
  card: 'NVIDIA H100, 580.1, 81559 MiB',
  compute: {
    encoder: [{ batch: 32, cpuMs: 10, cudaMs: 2, off: 1e-3 }],
    search: [
      { items: 20_000, batch: 32, cpuMs: 8, cudaMs: 0.5, off: 1e-4, same: 0.999 },
      { items: 1_000_000, batch: 1024, cudaMs: 50 },
    ],
  },
  cpuStep: { ms: 250, losses: [9, 8] },
  gpuStep: { ms: 50, losses: [9.001, 8.002] },
}

describe('the report of a GPU', () => {
  it('has both processors, what they differ by, and how much faster one is', () => {
    const report = gpuReport(FIGURES)
    expect(agrees(FIGURES)).toBe(true)
    expect(report).toContain('GPU: NVIDIA H100, 580.1, 81559 MiB')
    expect(report).toContain('| 32 | 10.00 | 2.00 | 16000 | 5.0 | 1.0e-3 |')
    expect(report).toContain('| 20,000 | 32 | 8.00 | 0.50 | 64000 | 16.0 | 1.0e-4 | 0.9990 |')
    expect(report).toContain('| 1,000,000 | 1024 | too large | 50.00 | 20480 |  |  |  |')
    expect(report).toContain('| GPU | 50 | 8.0020 |')
    expect(report).toContain(': yes.')
  })

  it.each<[string, GpuFigures]>([
    ['vectors', { ...FIGURES, compute: { ...FIGURES.compute, encoder: [{ batch: 1, cpuMs: 1, cudaMs: 1, off: 0.01 }] } }],
    ['items', {
      ...FIGURES,
      compute: { ...FIGURES.compute, search: [{ items: 9, batch: 1, cpuMs: 1, cudaMs: 1, off: 0, same: 0.9 }] },
    }],
    ['losses', { ...FIGURES, gpuStep: { ms: 50, losses: [9, 8.2] } }],
  ])('does not take a GPU for right that computes other %s', (_, figures) => {
    expect(agrees(figures)).toBe(false)
    expect(gpuReport(figures)).toContain(': no.')
  })

  it('says what does not load and why, and that nothing was checked then', () => {
    const without: GpuFigures = {
      card: undefined,
      compute: { fallback: 'missing: the NVIDIA driver', encoder: [{ batch: 1, cpuMs: 1 }], search: [] },
      cpuStep: { ms: 250, losses: [9] },
      gpuStep: { why: 'not installed' },
    }
    expect(agrees(without)).toBe(false)
    const report = gpuReport(without)
    expect(report).toContain('GPU: nvidia-smi finds none\nONNX Runtime, CUDA: does not load; missing: the NVIDIA driver\n')
    expect(report).toContain('TensorFlow.js, GPU: does not load; not installed')
    expect(report).toContain('CUDA was not checked.')
  })
})
