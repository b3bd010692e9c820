import { describe, expect, it } from 'vitest'
import { epochReport, pairedRatio, trainReport, type TrainFigures } from '../../../bench/train/report.ts'

const step = (wall: number, cpu = wall) => ({ wall, cpu, loss: 1 })
const figures: TrainFigures = {
  system: 'llm4cdsr',
  backend: 'native',
  threads: 1,
  batchSize: 128,
  ours: [step(100), step(120, 100), step(900, 110)],
  torch: { version: '2.7.1', steps: [step(80, 100), step(100), step(600, 100)] },
  losses: { ours: [15.123456, 14.5], torch: [15.123454, 14.50014] },
  batchMs: 9.6,
  memory: [{ rssMiB: 1000.4, tensors: 1 }, { rssMiB: 1010.6, tensors: 1 }, { rssMiB: 1010.7, tensors: 1 }],
}

describe('the ratio of pairs', () => {
  it('is the middle one, so that a neighbour who slows one pair changes nothing', () => {
    expect(pairedRatio([100, 120, 9000], [80, 100, 900])).toBe(1.25)
  })
})

describe('the report', () => {
  it('puts both side by side with the ratio, the losses and the memory', () => {
    const text = trainReport(figures)
    expect(text).toMatch(/^ours \(native\) +120 +100 +100 +100$/m)
    expect(text).toMatch(/^PyTorch 2\.7\.1 +100 +80 +100 +100$/m)
    expect(text).toContain('wall 1.25, cpu 1.00; at most 1 on the wall: no')
    expect(text).toContain('ours 15.12346, 14.50000; PyTorch 15.12345, 14.50014; apart by at most 0.001 %: yes')
    expect(text).toContain('memory at the start, middle and end of the 3 steps: 1000, 1011, 1011 MiB resident, 1, 1, 1 tensors')
  })

  it('says yes where ours is as fast', () => {
    expect(trainReport({ ...figures, ours: figures.ours.map(({ wall }) => step(wall / 1.25)) })).toContain('wall: yes')
  })

  it('gives the seconds of an epoch where it is one of a real log', () => {
    expect(trainReport(figures)).not.toContain('the epoch of')
    const text = trainReport({ ...figures, epochOf: { users: 300, items: 50 } })
    expect(text).toContain('the epoch of 300 users and 50 items: ours 1.1 s, PyTorch 0.8 s')
  })

  it('says where a later loss shows that both do not train the same thing', () => {
    const losses = { ours: [15.123456, 14.5], torch: [15.123454, 14.5002] }
    expect(trainReport({ ...figures, losses })).toContain('apart by at most 0.001 %: no')
  })

  it.each([['llm4cdsr', 'LLM4CDSR, batch 128'], ['llm-edt', 'LLM-EDT, first phase, batch 128']] as const)(
    'begins with what was trained: %s', (system, start) => {
      expect(trainReport({ ...figures, system }).startsWith(start)).toBe(true)
    })

  it('says why PyTorch is not there, and gives ours alone', () => {
    const text = trainReport({ ...figures, torch: undefined, withoutTorch: 'it cannot be installed here: no network' })
    expect(text).toContain('PyTorch: not measured: it cannot be installed here: no network')
    expect(text).not.toContain('ratio')
    expect(text).toContain('ours (native)')
  })
})

describe('the report on an epoch', () => {
  it('has a line for each part with its time, memory and tensors', () => {
    const text = epochReport('gru4rec', [
      { epoch: 1, part: 'steps, 1 of 4 parts', seconds: 2.34, rssMiB: 800.4, tensors: 1 },
      { epoch: 1, part: 'validation', seconds: 10, rssMiB: 900.6, tensors: 0 },
    ])
    expect(text).toMatch(/^gru4rec, /)
    expect(text).toMatch(/^epoch 1 +steps, 1 of 4 parts +2\.3 s +800 MiB +1 tensors$/m)
    expect(text).toMatch(/^epoch 1 +validation +10\.0 s +901 MiB +0 tensors$/m)
  })
})
