import { adapter } from '../nn/adapter.ts'
import { contrastiveLoss } from '../nn/contrastive.ts'
import type { Contrastive } from '../nn/contrastive.ts'
import { interCompactness, interFallback, interShare, intraDiversity } from '../nn/generalisation.ts'
import type { LossTensors } from '../nn/gradients.ts'
import { bceLoss, bprLoss, clashes, softmaxLoss, totalLoss } from '../nn/losses.ts'
import type { Ops } from '../nn/ops.ts'
import type { Tensor, Tf } from '../nn/tf.ts'
import { fuse } from '../systems/encode-user.ts'
import { itemVectors } from '../systems/item-tower.ts'
import type { ItemRows } from '../systems/item-tower.ts'
import { threadOut, threadSteps } from '../systems/read-thread.ts'
import type { Settings } from '../systems/settings.ts'
import { hasLocals, localThread } from '../systems/spec.ts'
import type { LossTerm, SystemSpec } from '../systems/spec.ts'
import type { DomainSteps, ThreadBlock, TrainingBatch } from './batch.ts'

/** The tables' rows of `batch.items`, and of `batch.profiled` the raw profiles [Z, textWidth]. */
export interface BatchRows extends ItemRows<Tensor> {
  readonly profiles?: Tensor
}

/**
 * The loss of one step (LLM4CDSR Eq. 4, 6, 7 and 8, LLM-EDT Eq. 9 and 12-14): every real step of the mixed thread,
 * joined with the step of its target's local thread that saw the same past, is to score its target above negatives of
 * the same domain; pairs of items of one user are to lie close, and the last step of a user close to the user's
 * profile; texts of several domains are to stay comparable (LLM-RecG Eq. 6 and 9-14). Axes: U items, B users, L steps,
 * S real steps of one domain, Z users with a profile, d width, D = 2d or d.
 */
export function batchLoss (
  tf: Tf, ops: Ops<Tensor>, spec: SystemSpec, settings: Settings, batch: TrainingBatch, rows: BatchRows
): LossTensors {
  const d = settings.width
  const { adapted, stored, general } = itemVectors(ops, spec.items, rows) // [U, d], [U, D]
  const half = (from: number): Tensor => stored.shape[1] === d ? stored : tf.slice(stored, [0, from], [-1, d])
  const globalHalf = half(0) // [U, d]
  const localHalf = hasLocals(spec) ? half(spec.fusion === 'concat' ? d : 0) : undefined
  const pick = (table: Tensor, at: Int32Array): Tensor => ops.gather(table, tf.tensor1d(at, 'int32'))

  const steps = (thread: SystemSpec['threads'][number], view: Tensor, block: ThreadBlock): Tensor => {
    const shape: [number, number] = [block.batch, block.length]
    const outputs = threadSteps(ops, thread, settings, {
      x: ops.gather(view, tf.tensor2d(block.rows, shape, 'int32')),
      positions: tf.tensor2d(block.positions, shape, 'int32'),
      mask: tf.tensor2d(block.mask, shape),
      sequences: tf.tensor2d(block.sequences, shape, 'int32'),
      ...(block.hidden && { hidden: tf.tensor2d(block.hidden, shape) }),
    }) // [B, L, d]
    return tf.reshape(outputs, [-1, d])
  }
  const mixed = steps(spec.threads[0]!, globalHalf, batch.mixed) // [B * L, d]

  const userVectors = (domain: number, found: DomainSteps): Tensor => {
    const global = pick(mixed, found.mixed) // [S, d]
    const thread = localThread(spec, domain)
    if (thread === undefined || localHalf === undefined) return fuse(ops, spec, global)
    // Row 0 stands for a step without a past in its domain.
    const nothing = settings.emptyLocal === 'bias'
      ? threadOut(ops, thread, tf.reshape(ops.weight(`${thread.name}.norm.bias`), [1, d]))
      : tf.zeros([1, d])
    const local = tf.concat([nothing, steps(thread, localHalf, batch.locals[domain]!)], 0)
    return fuse(ops, spec, global, pick(local, found.local)) // [S, D]
  }

  /** The published draws score two unrelated items, one with each half or, in LLM-EDT, one in each phase. */
  const negativesOf = ({ negatives, localNegatives }: DomainSteps): Tensor => {
    if (settings.negatives !== 'published' || localHalf === undefined) return pick(stored, negatives)
    if (spec.fusion === 'domain') return pick(stored, localNegatives)
    return tf.concat([pick(globalHalf, negatives), pick(localHalf, localNegatives)], -1)
  }
  const recommendation = ({ kind }: LossTerm, domain: number): Tensor => {
    const found = batch.steps[domain]!
    if (found.targets.length === 0) return tf.scalar(0)
    const users = temper(tf, ops, spec, userVectors(domain, found))
    const positive = tf.sum(tf.mul(users, pick(stored, found.targets)), -1) // [S]
    if (kind === 'softmax') {
      const negative = tf.matMul(users, pick(stored, found.negatives), false, true) // [S, n]
      const clash = clashes(tf, found.targets, found.negatives)
      return softmaxLoss(tf, { positive, negative, clash }, settings.reduction)
    }
    const negatives = negativesOf(found)
    const each = found.negatives.length / found.targets.length
    const negative = each === 1 ? tf.sum(tf.mul(users, negatives), -1) : manyDots(tf, users, negatives, each)
    return (kind === 'bpr' ? bprLoss : bceLoss)(tf, positive, negative, settings.reduction)
  }
  const regularisation = ({ name, kind }: LossTerm): Tensor => {
    const pairs = batch.pairs.get(name)!
    if (pairs.first.length < 2 || !isContrastive(kind)) return tf.scalar(0)
    return contrastiveLoss(tf, kind, pick(adapted, pairs.first), pick(adapted, pairs.second), settings.gamma)
  }
  const alignment = ({ kind }: LossTerm): Tensor => {
    const { mixed: last } = batch.profiled
    if (last.length < 2 || rows.profiles === undefined || !isContrastive(kind)) return tf.scalar(0)
    const tau = settings.alignTau ?? settings.tau ?? 1
    return contrastiveLoss(tf, kind, pick(mixed, last), adapter(ops, 'user.adapter', rows.profiles), tau)
  }

  const generalisation = ({ kind }: LossTerm): Tensor => {
    const groups = batch.texts.map((rows) => pick(general!, rows))
    const { genTau: tau = 1, genForm: form = 'mean' } = settings
    if (kind === 'intra') return intraDiversity(tf, groups, tau, form)
    const inter = groups.length === 2 && settings.interFallback === true
      ? interFallback(tf, groups)
      : interCompactness(tf, groups, tau, form)
    return tf.mul(inter, interShare(groups))
  }

  const valueOf = (term: LossTerm): Tensor => {
    if ('domain' in term.on) return recommendation(term, term.on.domain)
    if ('pair' in term.on) return regularisation(term)
    return 'texts' in term.on ? generalisation(term) : alignment(term)
  }
  const terms = spec.losses.map((term) => ({ ...term, value: valueOf(term) }))
  return { loss: totalLoss(tf, terms), terms: new Map(terms.map(({ name, value }) => [name, value])) }
}

/** Users [S, D] by n vectors each [S * n, D] -> [S, n]. */
function manyDots (tf: Tf, users: Tensor, vectors: Tensor, each: number): Tensor {
  const [steps = 0, width = 0] = users.shape
  return tf.sum(tf.mul(tf.reshape(users, [steps, 1, width]), tf.reshape(vectors, [steps, each, width])), -1)
}

function isContrastive (kind: LossTerm['kind']): kind is Contrastive {
  return kind === 'dcl' || kind === 'infonce' || kind === 'soft'
}

/** Logits of unit vectors lie in -1..1; the learned temperature gives a softmax over thousands of items its range. */
function temper (tf: Tf, ops: Ops<Tensor>, spec: SystemSpec, users: Tensor): Tensor {
  return spec.items.norm === 'unit' ? tf.mul(users, tf.exp(ops.weight('temperature'))) : users
}
