import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { partition } from '../../src/profile/partition.ts'

interface PartitionCase {
  inputs: { sequence: number[], cluster_of_item: Record<string, number>, K: number, cap_latest: number }
  expected: { partition: number[][], prompts_needed: number }
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/30_profile_partition.json', import.meta.url), 'utf8')
) as PartitionCase

describe('the partition of a history', () => {
  const { sequence, cluster_of_item: clusterOf, K, cap_latest: cap } = golden.inputs
  const labels = Int32Array.from({ length: 7 }, (_, i) => clusterOf[i + 1]!)

  it('equals the golden case: the order of time in each part, the latest where one is too long', () => {
    expect(partition(sequence, labels, K, cap)).toEqual(golden.expected.partition)
  })

  it('keeps everything without a cap', () => {
    expect(partition(Int32Array.from(sequence), labels, K)).toEqual([[1, 3, 4, 7], [2, 6], [5], []])
  })
})
