import { bert4rec, bert4recLast, bert4recWeights } from '../nn/bert4rec.ts'
import { bottleneck } from '../nn/bottleneck.ts'
import { gru4rec, gru4recLast, gru4recWeights } from '../nn/gru4rec.ts'
import { xavierNormal } from '../nn/init.ts'
import type { Ops, Weight, Weights } from '../nn/ops.ts'
import { sasrec, sasrecLast, sasrecWeights } from '../nn/sasrec.ts'
import type { SasrecShape } from '../nn/sasrec.ts'
import type { Random } from '../random.ts'
import type { Settings } from './settings.ts'
import type { Thread } from './spec.ts'

/** One thread's input: halves of stored item vectors, right-aligned. Axes: B batch, L length, d width. */
export interface ThreadInput<T> {
  /** [B, L, d] */
  readonly x: T
  /** 1..n from the oldest step, 0 on padding: [B, L]. */
  readonly positions: T
  /** 1 on real steps, 0 on padding: [B, L]. */
  readonly mask: T
  /** 1 on real steps whose item is not shown, which only bert4rec knows, in training: [B, L]. */
  readonly hidden?: T
  /** Where a row holds several sequences, in training: which one a step belongs to, [B, L]; not for gru4rec. */
  readonly sequences?: T
}

/** The weights of a thread before training. gru4rec knows the order without positions; bert4rec has one more. */
export function threadWeights ({ name, backbone }: Thread, settings: Settings, random: Random): Weights {
  const { width, length } = settings
  const shape = shapeOf(settings)
  const positions = (most: number): [string, Weight] =>
    [`${name}.positions`, xavierNormal([most + 1, width], random)]
  if (backbone === 'gru4rec') return gru4recWeights(name, shape, random)
  if (backbone === 'sasrec') return new Map([positions(length), ...sasrecWeights(name, shape, random)])
  const blank: [string, Weight] = [`${name}.blank`, xavierNormal([1, width], random)]
  return new Map([positions(length + 1), blank, ...bert4recWeights(name, shape, random)])
}

/** Every step's output, [B, L, d]: what training learns from. */
export function threadSteps<T> (all: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  return threadOut(all, thread, backboneSteps(ownSites(all, thread), thread, settings, input))
}

/** The thread's part of a user vector, [B, d]: the last step's output, with bert4rec that of a blank step after it. */
export function threadLast<T> (all: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  return threadOut(all, thread, backboneLast(ownSites(all, thread), thread, settings, input))
}

/** What a thread makes of its backbone's outputs [..., d]. */
export function threadOut<T> (ops: Ops<T>, { out }: Thread, h: T): T {
  return out === undefined ? h : bottleneck(ops, out.name, out.form, h)
}

/** Threads of one backbone drop at sites of their own, which a phase tells from those of what comes after. */
function ownSites<T> (ops: Ops<T>, { out }: Thread): Ops<T> {
  if (out === undefined) return ops
  const at = (site: string): string => `${site}/${out.name}`
  return {
    ...ops,
    attend: (parts, bias, shape) => ops.attend(parts, bias, { ...shape, site: at(shape.site) }),
    dropout: (x, site) => ops.dropout(x, at(site)),
  }
}

function backboneSteps<T> (ops: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  const { name, backbone } = thread
  const shape = shapeOf(settings)
  const scaled = ops.scale(input.x, thread.scale)
  if (backbone === 'gru4rec') return gru4rec(ops, name, shape, entry(ops, thread, scaled), input.mask)
  if (backbone === 'sasrec') {
    const steps = placed(ops, thread, scaled, input.positions)
    return sasrec(ops, name, shape, steps, input.mask, settings.maskMode, input.sequences)
  }
  const shown = input.hidden === undefined ? scaled : hide(ops, thread, scaled, input.hidden)
  return bert4rec(ops, name, shape, placed(ops, thread, shown, input.positions), input.mask, input.sequences)
}

function backboneLast<T> (ops: Ops<T>, thread: Thread, settings: Settings, input: ThreadInput<T>): T {
  const { name, backbone } = thread
  const shape = shapeOf(settings)
  const scaled = ops.scale(input.x, thread.scale)
  if (backbone === 'gru4rec') return gru4recLast(ops, name, shape, entry(ops, thread, scaled), input.mask)
  if (backbone === 'sasrec') {
    return sasrecLast(ops, name, shape, placed(ops, thread, scaled, input.positions), input.mask, settings.maskMode)
  }
  const asking = ops.append(scaled, ops.weight(`${name}.blank`)) // [B, L + 1, d]
  const steps = placed(ops, thread, asking, ops.appendPosition(input.positions))
  return bert4recLast(ops, name, shape, steps, ops.append(input.mask, 1))
}

/** The blank vector in place of hidden items. */
function hide<T> (ops: Ops<T>, { name }: Thread, x: T, hidden: T): T {
  const where = ops.columns(hidden) // [B, L, 1]
  return ops.add(ops.sub(x, ops.mul(x, where)), ops.mul(where, ops.weight(`${name}.blank`)))
}

/** x + position, then dropout. */
function placed<T> (ops: Ops<T>, thread: Thread, x: T, positions: T): T {
  return entry(ops, thread, ops.add(x, ops.gather(ops.weight(`${thread.name}.positions`), positions)))
}

function entry<T> (ops: Ops<T>, { name }: Thread, x: T): T {
  return ops.dropout(x, `${name}.entry`)
}

function shapeOf ({ width, layers, heads, ffn }: Settings): SasrecShape {
  return { d: width, layers, heads, ...(ffn && { ffn }) }
}
