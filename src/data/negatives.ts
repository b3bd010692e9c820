import type { Random } from '../random.ts'
import type { Domain } from './dataset.ts'

/** Draws by rejection until this many have failed, then lists what is allowed: needed only in tiny domains. */
const TRIES = 64

/**
 * A negative for one training step: a global id, uniform over `domain` (the target's) without the ids in `excluded`
 * (the user's training prefix). One id serves the global and the local logit alike. 0 where nothing is allowed.
 */
export function drawNegative (random: Random, domain: Domain, excluded: Int32Array): number {
  for (let i = 0; i < TRIES; i++) {
    const id = domain.offset + 1 + random.integer(domain.size)
    if (!excluded.includes(id)) return id
  }
  const allowed = allowedNegatives(domain, excluded)
  return allowed.length === 0 ? 0 : allowed[random.integer(allowed.length)]!
}

/** Every global id of `domain` that is not in `excluded`, ascending. */
export function allowedNegatives (domain: Domain, excluded: Int32Array): Int32Array {
  const out = new Set(excluded)
  const ids = Int32Array.from({ length: domain.size }, (_, i) => domain.offset + 1 + i)
  return ids.filter((id) => !out.has(id))
}

/**
 * `count` different negatives, uniform over `domain` without `excluded`, as global ids; the rest is 0 where fewer are
 * allowed.
 */
export function drawCandidates (random: Random, domain: Domain, excluded: Int32Array, count: number): Int32Array {
  const drawn = new Int32Array(count)
  const out = new Set(excluded)
  // Rejection is fast while most of the domain is allowed; below that the allowed ids are listed and shuffled.
  if (domain.size > 2 * (out.size + count)) {
    for (let filled = 0; filled < count;) {
      const id = domain.offset + 1 + random.integer(domain.size)
      if (out.has(id)) continue
      out.add(id)
      drawn[filled++] = id
    }
    return drawn
  }
  drawn.set(random.shuffle(allowedNegatives(domain, excluded)).subarray(0, count))
  return drawn
}
