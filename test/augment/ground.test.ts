import { describe, expect, it } from 'vitest'
import { ground } from '../../src/augment/ground.ts'
import type { Candidate } from '../../src/augment/read-answers.ts'
import { datasetOf } from '../train/planted.ts'

// Three items in A, three in B, along the axes; users 0 to 2 have trained on items of A, user 2 on the first of B.
const dataset = datasetOf([3, 3], [[1, 2, 3, 1], [2, 1, 3, 1], [1, 4, 3, 1]])
const texts = { width: 3, rows: Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]) }

function candidate (user: number, outcome: Candidate['outcome'] = 'kept', to = 1): Candidate {
  // What else a candidate holds is not looked at here.
  return { direction: { user, from: 1 - to, to, source: [], target: [] }, outcome } as unknown as Candidate
}

describe('grounding', () => {
  it('gives every user the nearest item of the domain, of vectors that many have in common as of others', async () => {
    const candidates = [
      candidate(0), candidate(1), candidate(1), candidate(0, 'hadAlready'), candidate(2), candidate(0, 'kept', 0),
    ]
    // One vector for each that is kept; lengths differ, directions of the first, second and fourth do not.
    const rows = Float32Array.from([0.9, 0.1, 0, 0.9, 0.1, 0, 0, 0.2, 2, 0.9, 0.1, 0, 0, 3, 0.3])
    const steps: number[] = []
    const found = await ground(
      dataset, candidates, { width: 3, rows }, texts, -1, { onProgress: (done) => steps.push(done) })
    expect(found.map(({ id, outcome }) => [id, outcome])).toEqual([
      [4, 'kept'], [4, 'kept'], [6, 'kept'], [undefined, 'hadAlready'], [undefined, 'hadAlready'], [undefined, 'hadAlready'],
    ])
    // User 2 has the item of the catalogue; so has user 0 the one of A.
    expect(found.map(({ grounded }) => grounded?.id)).toEqual([4, 4, 6, undefined, 4, 2])
    expect(steps.at(-1)).toBe(5)
  })

  it('leaves what is nearest but not near enough, and what a user is given already', async () => {
    const rows = Float32Array.from([1, 0, 0, 1, 1, 1, 1, 0.1, 0])
    const [first, far, again] = await ground(
      dataset, [candidate(0), candidate(0), candidate(0)], { width: 3, rows }, texts, 0.9)
    expect(first).toMatchObject({ id: 4, outcome: 'kept' })
    expect(far).toEqual(candidate(0))
    expect(again).toMatchObject({ outcome: 'repeated', grounded: { id: 4 } })
  })
})
