import type { Ops } from '../nn/ops.ts'
import { sasrec, sasrecLast } from '../nn/sasrec.ts'
import type { Settings } from './settings.ts'
import type { SystemSpec, Thread } from './spec.ts'
import { localThread } from './spec.ts'

/** One thread's input: halves of stored item vectors, right-aligned. Axes: B batch, L length, d width. */
export interface ThreadInput<T> {
  /** [B, L, d] */
  readonly x: T
  /** 1..n from the oldest step, 0 on padding: [B, L]. */
  readonly positions: T
  /** 1 on real steps, 0 on padding: [B, L]. */
  readonly mask: T
}

/** What a user vector for one domain is made from. Single-thread systems have no local part. */
export interface UserInput<T> {
  readonly global: ThreadInput<T>
  /** `has` [B, 1]: 1 where the user has an event in the domain, else 0. */
  readonly local?: ThreadInput<T> & { readonly has: T }
}

/**
 * The user vector for one domain, [B, 2d] or [B, d] (LLM4CDSR Eq. 2-3): [last step of the mixed thread ; last step of
 * the domain's own thread]. Departures: the local half of a user without events in the domain is zero
 * (`emptyLocal: zero`), and with `itemNorm: unit` the whole has length 1.
 */
export function encodeUser<T> (
  ops: Ops<T>, spec: SystemSpec, settings: Settings, domain: number, input: UserInput<T>
): T {
  const global = last(ops, spec.threads[0]!, settings, input.global)
  const thread = localThread(spec, domain)
  if (thread === undefined || input.local === undefined) return fuse(ops, spec, global)
  const local = last(ops, thread, settings, input.local)
  return fuse(ops, spec, global, settings.emptyLocal === 'zero' ? ops.mul(local, input.local.has) : local)
}

/** Every step's output of one thread, [B, L, d]: what training learns from. */
export function encodeSteps<T> (ops: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  return sasrec(ops, thread.name, shapeOf(settings), entry(ops, thread, input), input.mask, settings.maskMode)
}

/** One user vector per row from the two threads' outputs, [n, d] each. */
export function fuse<T> (ops: Ops<T>, spec: SystemSpec, global: T, local?: T): T {
  const both = local === undefined ? global : ops.concat([global, local])
  return spec.items.norm === 'unit' ? ops.l2Normalize(both) : both
}

function last<T> (ops: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  return sasrecLast(ops, thread.name, shapeOf(settings), entry(ops, thread, input), input.mask, settings.maskMode)
}

/** x = e * scale + position, then dropout. */
function entry<T> (ops: Ops<T>, thread: Thread, { x, positions }: ThreadInput<T>): T {
  const placed = ops.gather(ops.weight(`${thread.name}.positions`), positions)
  return ops.dropout(ops.add(ops.scale(x, thread.scale), placed), `${thread.name}.entry`)
}

function shapeOf ({ width, layers, heads }: Settings): { d: number, layers: number, heads: number } {
  return { d: width, layers, heads }
}
