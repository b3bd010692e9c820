import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Domain } from '../../src/data/dataset.ts'
import { threadInput, threadSample } from '../../src/data/threads.ts'
import { padLeft } from '../../src/data/window.ts'
import { createRandom } from '../../src/random.ts'

interface GoldenCase { items: number[], domain: number[], num_A: number, max_len: number }
type GoldenSample = Record<'seq' | 'pos' | 'positions' | 'seqA' | 'posA' | 'positionsA' | 'seqB' | 'posB' | 'positionsB' |
  'target_domain_per_step' | 'local_mask', number[]>
const golden = JSON.parse(readFileSync(new URL('../golden/04_tri_thread_sample.json', import.meta.url), 'utf8')) as {
  inputs: { cases: GoldenCase[] }, expected: { samples: GoldenSample[] }
}

const three: Domain[] = [
  { name: 'a', size: 5, offset: 0 }, { name: 'b', size: 7, offset: 5 }, { name: 'c', size: 4, offset: 12 },
]
const randomEvents = (seed: number): Int32Array => {
  const random = createRandom(seed)
  return Int32Array.from({ length: random.integer(20) }, () => 1 + random.integer(16))
}

describe('threads of a window', () => {
  it.each(golden.inputs.cases.map((c, i) => [i + 1, c, golden.expected.samples[i]!] as const))(
    'are those of golden sample %i', (_n, { items, domain, num_A: size, max_len: length }, wanted) => {
      const domains = [{ name: 'a', size, offset: 0 }, { name: 'b', size: 9, offset: size }]
      const events = Int32Array.from(items, (id, i) => id + domains[domain[i]!]!.offset)
      const { mixed, local, localMask, targetDomains } = threadSample(domains, events, length)
      const padded = (ids: ArrayLike<number>): number[] => [...padLeft([ids], length)]
      const masked = (steps: Int32Array): number[] => padded(steps.map((k) => k + 1)).map((k) => k - 1)
      expect({
        seq: padded(mixed.ids),
        pos: padded(mixed.targets),
        positions: padded(mixed.positions),
        seqA: padded(local[0]!.ids),
        posA: padded(local[0]!.targets),
        positionsA: padded(local[0]!.positions),
        seqB: padded(local[1]!.ids),
        posB: padded(local[1]!.targets),
        positionsB: padded(local[1]!.positions),
        target_domain_per_step: masked(targetDomains),
        local_mask: masked(localMask),
        target_domain: targetDomains.at(-1),
      }).toEqual(wanted)
    })

  it('line up: the mixed steps with mask k have the targets of the local thread k, for any number of domains', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { mixed, local, localMask } = threadSample(three, randomEvents(seed), 8)
      for (const [k, { offset }] of three.entries()) {
        const targets = mixed.targets.filter((_id, step) => localMask[step] === k)
        expect(targets).toEqual(local[k]!.targets.map((id) => id + offset))
      }
    }
  })

  it('depend on the latest L + 1 events only, and the last input stands at min(n - 1, L)', () => {
    for (let seed = 0; seed < 100; seed++) {
      const events = randomEvents(seed)
      const sample = threadSample(three, events, 6)
      expect(threadSample(three, events.slice(-7), 6)).toEqual(sample)
      expect(sample.mixed.positions.at(-1) ?? 0).toBe(Math.max(0, Math.min(events.length - 1, 6)))
    }
  })

  it('for prediction are the latest L items and, of those, each domain\'s', () => {
    expect(threadInput(three, Int32Array.of(1, 6, 13, 2, 12), 4)).toEqual({
      mixed: Int32Array.of(6, 13, 2, 12),
      local: [Int32Array.of(2), Int32Array.of(1, 7), Int32Array.of(1)],
    })
    expect(threadInput(three, new Int32Array(0), 4).local).toEqual([0, 0, 0].map(() => new Int32Array(0)))
  })
})
