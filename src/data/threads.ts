import { domainOf } from './dataset.ts'
import type { Domain } from './dataset.ts'
import { latestIds } from './window.ts'

/** One sequence, oldest first, without padding: `padLeft` makes rows of a batch from it. */
export interface Thread {
  /** Inputs; global ids in the mixed thread, ids local to the domain in a local one. */
  readonly ids: Int32Array
  /** The item that follows each input in this thread, numbered like `ids`. */
  readonly targets: Int32Array
  /** 1..n from the oldest input kept. */
  readonly positions: Int32Array
}

/** The threads of one user's window (specification 1.1.8-9). */
export interface ThreadSample {
  readonly mixed: Thread
  /** One for each domain, in their order; empty where the window has fewer than two of its items. */
  readonly local: readonly Thread[]
  /** The domain of each mixed step's target. */
  readonly targetDomains: Int32Array
  /**
   * Per mixed step the domain of its target, or -1 where the target is the first item of its domain in the window and
   * so has no local predecessor. The steps that hold k are, in order, the steps of `local[k]`.
   */
  readonly localMask: Int32Array
}

/**
 * Cuts `events` (global ids in time order, as `trainPrefix` gives them) to the latest `length` + 1 and makes from them
 * `length` inputs with their targets, mixed and for each domain. Fewer than two events give empty threads.
 */
export function threadSample (domains: readonly Domain[], events: Int32Array, length: number): ThreadSample {
  const window = latestIds(events, length + 1)
  const kinds = Int32Array.from(window, (id) => domainOf(domains, id))
  const targetDomains = kinds.slice(1)
  const seen = new Set<number>(kinds.subarray(0, 1))
  const localMask = targetDomains.map((kind) => {
    const first = !seen.has(kind)
    seen.add(kind)
    return first ? -1 : kind
  })
  return {
    mixed: thread(window),
    local: domains.map((domain, k) => thread(localIds(domain, window, kinds, k))),
    targetDomains,
    localMask,
  }
}

/** What a user encoder reads: the window's ids without targets. */
export interface ThreadInput {
  /** The latest `length` global ids. */
  readonly mixed: Int32Array
  /** For each domain the local ids of that same window. */
  readonly local: readonly Int32Array[]
}

/** The inputs that predict what follows `history` (global ids in time order); positions are 1..n in each. */
export function threadInput (domains: readonly Domain[], history: Int32Array, length: number): ThreadInput {
  const mixed = latestIds(history, length)
  const kinds = Int32Array.from(mixed, (id) => domainOf(domains, id))
  return { mixed, local: domains.map((domain, k) => localIds(domain, mixed, kinds, k)) }
}

function localIds (domain: Domain, window: Int32Array, kinds: Int32Array, k: number): Int32Array {
  return window.filter((_id, i) => kinds[i] === k).map((id) => id - domain.offset)
}

function thread (ids: Int32Array): Thread {
  const inputs = ids.slice(0, -1)
  return { ids: inputs, targets: ids.slice(1), positions: inputs.map((_id, i) => i + 1) }
}
