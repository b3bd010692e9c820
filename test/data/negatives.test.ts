import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildCandidates } from '../../src/data/candidates.ts'
import { CANDIDATES_PER_USER } from '../../src/data/dataset.ts'
import { allowedNegatives, drawCandidates, drawNegative } from '../../src/data/negatives.ts'
import { createRandom } from '../../src/random.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/29_negative_candidate_set.json', import.meta.url), 'utf8')) as {
  inputs: { num_A: number, num_B: number, user_global_ids: number[], synthetic_global_ids: number[] }
  expected: { allowed_negatives: number[], allowed_if_target_were_A: number[] }
}
const domains = [
  { name: 'a', size: golden.inputs.num_A, offset: 0 },
  { name: 'b', size: golden.inputs.num_B, offset: golden.inputs.num_A },
] as const
const excluded = Int32Array.from([...golden.inputs.user_global_ids, ...golden.inputs.synthetic_global_ids])

describe('allowed negatives', () => {
  it('are those of golden case 29', () => {
    expect([...allowedNegatives(domains[1], excluded)]).toEqual(golden.expected.allowed_negatives)
    expect([...allowedNegatives(domains[0], excluded)]).toEqual(golden.expected.allowed_if_target_were_A)
  })
})

describe('training negatives', () => {
  it('hit each allowed id alike, the last of the domain too, and no other, in 100,000 draws', () => {
    const random = createRandom(7)
    const domain = { name: 'b', size: 9, offset: 20 }
    const history = Int32Array.of(3, 21, 24, 24)
    const counts = new Map<number, number>()
    for (let i = 0; i < 1e5; i++) {
      const id = drawNegative(random, domain, history)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([22, 23, 25, 26, 27, 28, 29])
    // Five standard deviations of a binomial with p = 1/7.
    for (const count of counts.values()) expect(Math.abs(count - 1e5 / 7)).toBeLessThan(5 * Math.sqrt(1e5 * 6 / 49))
  })

  it('are found in a domain that is nearly used up, and are 0 in one that is', () => {
    const domain = { name: 'a', size: 1000, offset: 0 }
    const all = Int32Array.from({ length: 1000 }, (_, i) => i + 1)
    expect(drawNegative(createRandom(1), domain, all.filter((id) => id !== 1000))).toBe(1000)
    expect(drawNegative(createRandom(1), domain, all)).toBe(0)
  })
})

describe('candidates', () => {
  it.each([[5000, 'by rejection'], [150, 'from a list']])('of a domain of %i (%s) are different and allowed', (size) => {
    const domain = { name: 'b', size, offset: 10 }
    const history = Int32Array.from({ length: 40 }, (_, i) => 11 + i)
    const reached = new Set<number>()
    for (let seed = 0; seed < 300; seed++) {
      const ids = drawCandidates(createRandom(seed), domain, history, 100)
      expect(new Set(ids).size).toBe(100)
      expect(ids.every((id) => id > 50 && id <= 10 + size)).toBe(true)
      for (const id of ids) reached.add(id)
    }
    expect(reached.has(51) && reached.has(10 + size)).toBe(true)
  })

  it('end in 0 where a domain has too few', () => {
    const ids = drawCandidates(createRandom(1), domains[1], excluded, 4)
    expect([...ids].sort()).toEqual([0, 0, 6, 8])
    expect([...ids.subarray(2)]).toEqual([0, 0])
  })
})

describe('the candidate book', () => {
  const shop = {
    domains: [{ name: 'a', size: 400, offset: 0 }, { name: 'b', size: 300, offset: 400 }],
    users: ['ann', 'bob'],
    offsets: Uint32Array.of(0, 3, 7),
    events: Int32Array.of(1, 500, 2, 600, 7, 8, 601),
  }
  const row = (table: Int32Array, user: number): Int32Array =>
    table.subarray(user * CANDIDATES_PER_USER, (user + 1) * CANDIDATES_PER_USER)

  it('draws from the domain of each split\'s target, never from the history', () => {
    const { valid, test } = buildCandidates(shop, 42)
    expect(row(valid, 0).every((id) => id > 400 && id <= 700 && id !== 500)).toBe(true)
    expect(row(test, 0).every((id) => id > 2 && id <= 400)).toBe(true)
    expect(row(test, 1).every((id) => id > 400 && id !== 600 && id !== 601)).toBe(true)
  })

  it('is the same for the same seed, another for another, and one user\'s row does not depend on others', () => {
    const book = buildCandidates(shop, 42)
    expect(buildCandidates(shop, 42)).toEqual(book)
    expect(buildCandidates(shop, 43).digest).not.toBe(book.digest)
    const alone = buildCandidates({ ...shop, users: ['bob'], offsets: Uint32Array.of(0, 4), events: shop.events.subarray(3) }, 42)
    expect(alone.test).toEqual(row(book.test, 1))
    expect(alone.digest).not.toBe(book.digest)
  })
})
