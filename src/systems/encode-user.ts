import type { Ops } from '../nn/ops.ts'
import { fusePatterns } from '../nn/pattern-fusion.ts'
import { threadLast } from './read-thread.ts'
import type { ThreadInput } from './read-thread.ts'
import type { Settings } from './settings.ts'
import type { SystemSpec } from './spec.ts'
import { localThread } from './spec.ts'

/** What a user vector for one domain is made from. Single-thread systems have no local part. */
export interface UserInput<T> {
  readonly global: ThreadInput<T>
  /** `has` [B, 1]: 1 where the user has an event in the domain, else 0. */
  readonly local?: ThreadInput<T> & { readonly has: T }
}

/**
 * The user vector for one domain, [B, 2d] or [B, d] (LLM4CDSR Eq. 2-3): [last step of the mixed thread ; last step of
 * the domain's own thread], their sum (LLM-EDT Eq. 11, whose two products share the item), or the mixed thread's alone,
 * as it is or joined with patterns (LLM-RecG Eq. 21). Departures: the local part of a user without events in the domain
 * is zero (`emptyLocal: zero`), and with `itemNorm: unit` the whole has length 1.
 */
export function encodeUser<T> (
  ops: Ops<T>, spec: SystemSpec, settings: Settings, domain: number, input: UserInput<T>
): T {
  const global = threadLast(ops, spec.threads[0]!, settings, input.global)
  const thread = localThread(spec, domain)
  if (thread === undefined || input.local === undefined) return fuse(ops, spec, global)
  const local = threadLast(ops, thread, settings, input.local)
  return fuse(ops, spec, global, settings.emptyLocal === 'zero' ? ops.mul(local, input.local.has) : local)
}

/** Where patterns and what joins them stand among weights. */
export const FUSION = 'fusion'

/** One user vector per row from the two threads' outputs, [n, d] each. */
export function fuse<T> (ops: Ops<T>, spec: SystemSpec, global: T, local?: T): T {
  const both = join(ops, spec.fusion, global, local)
  return spec.items.norm === 'unit' ? ops.l2Normalize(both) : both
}

function join<T> (ops: Ops<T>, fusion: SystemSpec['fusion'], global: T, local: T | undefined): T {
  if (fusion === 'pattern') return fusePatterns(ops, FUSION, global)
  if (local === undefined) return global
  if (fusion === 'domain') return local
  return fusion === 'sum' ? ops.add(global, local) : ops.concat([global, local])
}
