import type { Dataset, Domain } from '../data/dataset.ts'
import { domainOf, trainPrefix } from '../data/dataset.ts'
import { drawCandidates, drawNegative } from '../data/negatives.ts'
import { placeAlone, placeTogether, widest } from '../data/window.ts'
import type { Random } from '../random.ts'
import { isPaddingFree } from '../systems/settings.ts'
import type { Settings } from '../systems/settings.ts'
import { hasLocals } from '../systems/spec.ts'
import type { SystemSpec } from '../systems/spec.ts'
import { drawSamples } from './samples.ts'
import type { Sample } from './samples.ts'

/**
 * One training step as plain numbers. Items are named by their row in `items`, the distinct global ids that the step
 * touches, so that a step's cost does not grow with the catalogue.
 */
export interface TrainingBatch {
  /** Global ids, distinct: [U]. */
  readonly items: Int32Array
  readonly mixed: ThreadBlock
  /** By domain; empty for systems without local threads. */
  readonly locals: readonly ThreadBlock[]
  /** By domain: the steps whose target lies in it. */
  readonly steps: readonly DomainSteps[]
  /** By loss term over pairs: one item of each domain per user that has both. */
  readonly pairs: ReadonlyMap<string, ItemPairs>
  /** Rows of some items of each text pool; none where no loss compares texts. */
  readonly texts: readonly Int32Array[]
  /** Users with a profile; none where no loss asks for profiles. */
  readonly profiled: ProfiledUsers
}

export interface ProfiledUsers {
  /** Indices into the dataset's users: [Z]. */
  readonly users: Int32Array
  /** Where the mixed thread's output for their last step stands: an index into [batch * length]: [Z]. */
  readonly mixed: Int32Array
}

/**
 * Sequences of one thread, row-major [batch, length]; padding, on the left, has row 0 and mask 0. Where it makes no
 * difference to their outputs, several share one row of the block: local threads are half padding otherwise.
 */
export interface ThreadBlock {
  readonly batch: number
  readonly length: number
  readonly rows: Int32Array
  readonly positions: Int32Array
  readonly mask: Float32Array
  /** The number of the sequence that a step belongs to, from 1; 0 on padding. */
  readonly sequences: Int32Array
  /** 1 at steps that are real but hidden, whose row is 0: where the thread is to fill in. */
  readonly hidden?: Float32Array
}

export interface DomainSteps {
  /** Where the mixed thread's output stands: an index into [batch * length]: [S]. */
  readonly mixed: Int32Array
  /** Where the local thread's output stands: 1 + an index into [batch * length]; 0 where there is none: [S]. */
  readonly local: Int32Array
  /** Rows of the targets: [S]. */
  readonly targets: Int32Array
  /** Rows of the negatives: [S], or n for each step [S * n], or [n] for all steps together where they are shared. */
  readonly negatives: Int32Array
  /** Rows whose local half is scored with the global half of `negatives`; the same rows but for the published form. */
  readonly localNegatives: Int32Array
}

export interface ItemPairs {
  readonly first: Int32Array
  readonly second: Int32Array
}

/**
 * Builds the step that teaches these users; all draws come from `random`.
 * @param known what some losses look at besides events
 */
export function buildBatch (
  dataset: Dataset, spec: SystemSpec, settings: Settings, users: Int32Array, random: Random, known: Known = {}
): TrainingBatch {
  const { domains } = dataset
  const table = rowTable()
  const samples = drawSamples(dataset, settings, users, random)
  const mixed = threadBlock(samples.map((sample) => sample.mixed), 0, settings, table)
  const locals = !hasLocals(spec)
    ? []
    : domains.map(({ offset }, k) => threadBlock(samples.map((sample) => sample.local[k]!), offset, settings, table))
  const learnt = spec.losses.flatMap(({ on }) => 'domain' in on ? on.domain : [])
  const steps = domains.map((domain, k): DomainSteps => {
    const found = stepsOf(samples, k, mixed.starts, locals[k]?.starts)
    const drawn = learnt.includes(k)
      ? drawNegatives(dataset, settings, domain, shareOf(dataset, learnt, settings, k), users, found, random)
      : { global: NONE, local: NONE }
    return {
      mixed: Int32Array.from(found, (step) => step.mixed),
      local: Int32Array.from(found, (step) => step.local),
      targets: table.rowsOf(found.map((step) => step.target)),
      negatives: table.rowsOf(drawn.global),
      localNegatives: table.rowsOf(drawn.local),
    }
  })
  const pairs = new Map(spec.losses.flatMap(({ name, on }) =>
    'pair' in on ? [[name, drawPairs(dataset, users, on.pair, random, table)] as const] : []))
  const texts = (known.pools ?? []).map((pool) => table.rowsOf(drawSome(random, pool, settings.batchSize)))
  const { profiled } = known
  const aligned = profiled !== undefined && spec.losses.some(({ on }) => 'users' in on)
    ? users.filter((user) => profiled[user] === 1)
    : NONE
  return {
    items: table.items(),
    mixed: mixed.block,
    locals: locals.map(({ block }) => block),
    steps,
    pairs,
    texts,
    profiled: profiledUsers(aligned, users, samples, mixed.starts),
  }
}

export interface Known {
  /** Global ids of each of the spec's text pools. */
  readonly pools?: readonly Int32Array[]
  /** By user of the dataset: 1 where there is a profile. */
  readonly profiled?: ArrayLike<number> | undefined
}

/** A user's last sample is the one that serving comes closest to: with bert4rec it hides the last step. */
function profiledUsers (
  chosen: Int32Array, users: Int32Array, samples: readonly Sample[], starts: readonly number[]
): ProfiledUsers {
  const last = new Map(samples.map(({ user, mixed }, i) => [users[user]!, starts[i]! + mixed.length - 1]))
  return { users: chosen, mixed: chosen.map((user) => last.get(user)!) }
}

interface Step {
  /** Index into the batch's users. */
  readonly user: number
  readonly mixed: number
  readonly local: number
  /** Global ids of the step's input and of what it is to predict. */
  readonly input: number
  readonly target: number
}

/** The steps whose target lies in domain k, given where each sample's threads start in the blocks. */
function stepsOf (
  samples: readonly Sample[], k: number, mixed: readonly number[], local: readonly number[] | undefined
): Step[] {
  return samples.flatMap(({ user, steps }, i) =>
    steps.filter(({ domain }) => domain === k).map((step): Step => ({
      user,
      mixed: mixed[i]! + step.mixed,
      local: step.local === undefined || local === undefined ? 0 : 1 + local[i]! + step.local,
      input: step.input,
      target: step.target,
    })))
}

/** Threads of one kind as a block, and where each starts in it; `offset` turns their ids into global ones. */
function threadBlock (
  threads: readonly Int32Array[], offset: number, settings: Settings, table: RowTable
): { block: ThreadBlock, starts: readonly number[] } {
  const lengths = threads.map((thread) => thread.length)
  // A recurrence runs through its row, and where padding is seen, so would be a neighbour.
  const { rows: batch, width: length, starts } = !isPaddingFree(settings)
    ? placeAlone(lengths, settings.length)
    : settings.backbone === 'gru4rec' ? placeAlone(lengths, widest(threads)) : placeTogether(lengths)
  const size = batch * length
  const block = {
    batch,
    length,
    rows: new Int32Array(size),
    positions: new Int32Array(size),
    mask: new Float32Array(size),
    sequences: new Int32Array(size),
    ...(settings.backbone === 'bert4rec' && { hidden: new Float32Array(size) }),
  }
  for (const [t, thread] of threads.entries()) {
    for (let i = 0; i < thread.length; i++) {
      const at = starts[t]! + i
      const id = thread[i]!
      if (id !== 0) block.rows[at] = table.rowOf(offset + id)
      else if (block.hidden !== undefined) block.hidden[at] = 1
      block.positions[at] = i + 1
      block.mask[at] = 1
      block.sequences[at] = t + 1
    }
  }
  return { block, starts }
}

function drawNegatives (
  dataset: Dataset, { negatives, negativesPerStep = 1 }: Settings, domain: Domain, shared: number, users: Int32Array,
  steps: readonly Step[], random: Random
): { global: ArrayLike<number>, local: ArrayLike<number> } {
  if (negatives === 'shared') {
    const drawn = drawCandidates(random, domain, NONE, shared)
    return { global: drawn, local: drawn }
  }
  const draw = (from: Domain, step: Step): number =>
    // Whoever has every item of the domain learns from one of them.
    drawNegative(random, from, trainPrefix(dataset, users[step.user]!)) || drawNegative(random, from, NONE)
  if (negatives === 'perStep') {
    const drawn = steps.flatMap((step) => Array.from({ length: negativesPerStep }, () => draw(domain, step)))
    return { global: drawn, local: drawn }
  }
  // The published draws never reach the last item of a domain, and take the global half from the input's domain.
  const short = (whole: Domain): Domain => ({ ...whole, size: Math.max(1, whole.size - 1) })
  return {
    global: steps.map((step) => draw(short(dataset.domains[domainOf(dataset.domains, step.input)]!), step)),
    local: steps.map((step) => draw(short(domain), step)),
  }
}

const NONE = new Int32Array(0)

/** A domain's part of the shared negatives: in proportion to its size, at least one, at most all its items. */
function shareOf (
  { domains }: Dataset, learnt: readonly number[], { sharedNegatives }: Settings, k: number
): number {
  const { size } = domains[k]!
  const all = learnt.reduce((sum, domain) => sum + domains[domain]!.size, 0)
  return Math.min(size, Math.max(1, Math.round(sharedNegatives * size / all)))
}

/** At most `count` different ones of `pool`, uniformly. */
function drawSome (random: Random, pool: Int32Array, count: number): Int32Array {
  const left = pool.slice()
  const drawn = Math.min(count, left.length)
  for (let i = 0; i < drawn; i++) {
    const j = i + random.integer(left.length - i)
    const id = left[j]!
    left[j] = left[i]!
    left[i] = id
  }
  return left.subarray(0, drawn)
}

/** One event of each domain per user that has both, of the training prefix without its last event. */
function drawPairs (
  dataset: Dataset, users: Int32Array, [a, b]: readonly [number, number], random: Random, table: RowTable
): ItemPairs {
  const first: number[] = []
  const second: number[] = []
  for (const user of users) {
    const events = trainPrefix(dataset, user).subarray(0, -1)
    const ofA = events.filter((id) => domainOf(dataset.domains, id) === a)
    const ofB = events.filter((id) => domainOf(dataset.domains, id) === b)
    if (ofA.length === 0 || ofB.length === 0) continue
    first.push(ofA[random.integer(ofA.length)]!)
    second.push(ofB[random.integer(ofB.length)]!)
  }
  return { first: table.rowsOf(first), second: table.rowsOf(second) }
}

interface RowTable {
  rowOf: (id: number) => number
  rowsOf: (ids: ArrayLike<number>) => Int32Array
  items: () => Int32Array
}

function rowTable (): RowTable {
  const rows = new Map<number, number>()
  const rowOf = (id: number): number => {
    const known = rows.get(id)
    if (known !== undefined) return known
    rows.set(id, rows.size)
    return rows.size - 1
  }
  return {
    rowOf,
    rowsOf: (ids) => Int32Array.from(ids, rowOf),
    items: () => Int32Array.from(rows.keys()),
  }
}
