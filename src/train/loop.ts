import { setImmediate } from 'node:timers/promises'
import type { Dataset } from '../data/dataset.ts'
import { IsthmusError } from '../errors.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { metricsByDomain } from '../evaluate/metrics.ts'
import type { Metrics } from '../evaluate/metrics.ts'
import { createAdam } from '../nn/adam.ts'
import type { AdamSettings } from '../nn/adam.ts'
import { createDropout, dropoutAt } from '../nn/dropout.ts'
import type { Dropout } from '../nn/dropout.ts'
import type { Weights } from '../nn/ops.ts'
import type { Tf } from '../nn/tf.ts'
import { createRandom } from '../random.ts'
import { initialWeights } from '../systems/initial-weights.ts'
import type { ItemTexts, UserProfiles } from '../systems/initial-weights.ts'
import type { Settings } from '../systems/settings.ts'
import type { Phase, SystemSpec } from '../systems/spec.ts'
import { ADAPTERS } from '../systems/edt/spec.ts'
import { phaseSpec } from '../systems/spec.ts'
import { trainingSet } from '../systems/recg/sequences.ts'
import { buildBatch } from './batch.ts'
import type { CurveRow } from './curve.ts'
import { planEpoch, trainableUsers } from './epoch-plan.ts'
import { findPatterns } from './find-patterns.ts'
import { createModel } from './model.ts'
import { copyWeights } from './state.ts'
import type { BestEpoch, PhaseStart, TrainingState } from './state.ts'
import { trainStep } from './step.ts'
import { textPools } from './text-pools.ts'

export interface TrainParts {
  readonly tf: Tf
  readonly dataset: Dataset
  readonly texts: ItemTexts
  /** Needed by systems with a loss over profiles. */
  readonly profiles?: UserProfiles | undefined
  readonly spec: SystemSpec
  readonly settings: Settings
}

export interface TrainControl {
  /** Where to go on from; a fresh start without it. Its arrays are taken over. */
  readonly from?: TrainingState | undefined
  /** What an earlier run's first phase came to: a fresh start is then one of the second phase. */
  readonly pretrained?: BestEpoch | undefined
  /** Aborted: the step under way is finished, the state saved, and `interrupted` thrown. */
  readonly signal?: AbortSignal
  /** Called at the end of each epoch and on an interruption; the arrays are live until it resolves. */
  readonly save?: (state: TrainingState) => Promise<void>
  readonly reporter?: TrainReporter
  /** Told the weights that training begins or goes on with, before the first step. */
  readonly onStart?: (weights: Weights) => void
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

export interface TrainReporter {
  /** `done` steps of the epoch are behind already where a run goes on. */
  epochStarts: (epoch: number, steps: number, done: number) => void
  stepDone: (done: number, loss: number) => void
  epochEnds: (row: CurveRow, best: BestEpoch, seconds: number) => void
}

/** A finished run: the best epoch's weights, and how it went. */
export interface Trained {
  readonly weights: Weights
  readonly best: BestEpoch
  readonly curve: readonly CurveRow[]
  readonly seconds: readonly number[]
  /** What the last phase that was measured before its first step began with. */
  readonly start?: PhaseStart
}

/**
 * Trains every phase of a system, each from the best weights of the one before, and keeps the epoch with the best
 * validation NDCG@10. Every draw follows from seed, epoch and step: a run that was stopped and goes on ends in the
 * same weights, to the bit, as one that was not.
 * @throws interrupted, training_diverged, scores_not_finite, and dataset_empty where no user has two training events.
 */
export async function train (given: TrainParts, control: TrainControl = {}): Promise<Trained> {
  const parts = { ...given, dataset: trainingSet(given.dataset, given.settings) }
  const { dataset, spec } = parts
  const pools = textPools(dataset, spec, parts.texts, parts.settings.seed)
  if (trainableUsers(dataset).length === 0) {
    throw new IsthmusError('dataset_empty', 'no user has two events to train on, besides those for validation and test')
  }
  let state = control.from ?? (control.pretrained ? pretrainedState(parts, control.pretrained) : freshState(parts))
  control.onStart?.(state.weights)
  for (; state.phase < spec.phases.length; state = nextPhase(parts, state)) {
    state = await trainPhase({ ...parts, pools }, spec.phases[state.phase]!, state, control)
  }
  const best = state.best!
  const { curve, seconds, start } = state
  return { weights: best.weights, best, curve, seconds, ...(start && { start }) }
}

function freshState (parts: TrainParts): TrainingState {
  const { spec, settings, dataset, texts } = parts
  const weights = initialWeights(spec, settings, dataset.domains, texts)
  const [first] = spec.phases
  return {
    phase: 0,
    firstEpoch: 1,
    epoch: 1,
    step: 0,
    sums: {},
    weights,
    adam: createAdam().state(),
    curve: [],
    seconds: [],
    ...(first?.begin === 'measured' && measured(parts, first, { epoch: 1 }, weights)),
  }
}

/** As `nextPhase` leaves it: the earlier run's weights, and ours where it has none to give. */
function pretrainedState (parts: TrainParts, best: BestEpoch): TrainingState {
  const fresh = freshState(parts)
  return nextPhase(parts, { ...fresh, best: { ...best, weights: new Map([...fresh.weights, ...best.weights]) } })
}

/** The next phase starts from the best weights, with an optimiser that remembers nothing. */
function nextPhase (parts: TrainParts, state: TrainingState): TrainingState {
  const next = parts.spec.phases[state.phase + 1]
  const weights = copyWeights(state.best!.weights)
  if (next?.begin === 'patterns') {
    weights.set(...findPatterns(parts.tf, { ...parts, weights }, trainableUsers(parts.dataset)))
  }
  return {
    ...state,
    phase: state.phase + 1,
    firstEpoch: state.epoch,
    weights,
    adam: createAdam().state(),
    ...(next?.begin === 'measured' && measured(parts, next, state, weights)),
  }
}

/** The start of a phase as its epoch 0: what it begins with is the best so far, whatever the phase before came to. */
function measured (
  parts: TrainParts, phase: Phase, { epoch: next, best }: Pick<TrainingState, 'epoch' | 'best'>, weights: Weights
): Pick<TrainingState, 'best' | 'start'> {
  const metrics = validate({ ...parts, spec: phaseSpec(parts.spec, phase, 'ask') }, weights)
  const epoch = next - 1
  return {
    best: { epoch, ndcg10: metrics['ndcg10']!, weights: copyWeights(weights) },
    start: { epoch, metrics, ...(best && { before: { epoch: best.epoch, ndcg10: best.ndcg10 } }) },
  }
}

async function trainPhase (
  parts: TrainParts & { readonly pools: readonly Int32Array[] }, phase: Phase, from: TrainingState,
  control: TrainControl
): Promise<TrainingState> {
  const { tf, dataset } = parts
  const spec = phaseSpec(parts.spec, phase, 'train')
  // A thread alone has no step that is the first of its domain.
  const settings: Settings = phase.only?.thread === 'mixed'
    ? { ...parts.settings, firstInDomain: 'globalOnly' }
    : parts.settings
  const asked = { ...parts, spec: phaseSpec(parts.spec, phase, 'ask') }
  const { signal, save, reporter, now = () => performance.now() } = control
  const users = trainableUsers(dataset)
  const dropout = phaseDropout(tf, phase, settings)
  const { weights } = from
  let state = from
  try {
    while (!isOver(phase, state)) {
      const { epoch } = state
      const started = now()
      const adam = createAdam(optimiserOf(phase, state, settings), state.adam)
      const batches = planEpoch(dataset, users, { ...settings, epoch })
      reporter?.epochStarts(epoch, batches.length, state.step)
      for (let step = state.step; step < batches.length; step++) {
        const random = createRandom(settings.seed, `batch/${epoch}/${step}`)
        const batch = buildBatch(dataset, spec, settings, batches[step]!, random, {
          pools: parts.pools, profiled: parts.profiles?.known,
        })
        dropout.at(epoch, step)
        const losses = trainStep({ ...parts, spec, settings, phase, weights, adam, dropout }, batch)
        state = { ...state, step: step + 1, sums: addUp(state.sums, losses), adam: adam.state() }
        reporter?.stepDone(step + 1, losses.get('loss')!)
        // The backend computes without giving way; without this no signal would ever be seen.
        await setImmediate()
        if (signal?.aborted === true) {
          await save?.(state)
          throw new IsthmusError('interrupted', `stopped in epoch ${epoch} after ${step + 1} of ${batches.length} steps`)
        }
      }
      const row: CurveRow = { epoch, losses: means(state.sums, batches.length), metrics: validate(asked, weights) }
      const ndcg10 = row.metrics['ndcg10']!
      const best = state.best !== undefined && state.best.ndcg10 >= ndcg10
        ? state.best
        : { epoch, ndcg10, weights: copyWeights(weights) }
      const seconds = (now() - started) / 1000
      state = {
        ...state,
        epoch: epoch + 1,
        step: 0,
        sums: {},
        best,
        curve: [...state.curve, row],
        seconds: [...state.seconds, seconds],
      }
      reporter?.epochEnds(row, best, seconds)
      await save?.(state)
    }
    return state
  } finally {
    dropout.dispose()
  }
}

function phaseDropout (tf: Tf, phase: Phase, { dropout, adapterDropout, seed }: Settings): Dropout {
  const rate = phase.dropout ?? dropout
  const elsewhere = createDropout(tf, { rate, seed })
  if (phase.dropout === undefined || adapterDropout === undefined) return elsewhere
  return dropoutAt(`${ADAPTERS}.`, createDropout(tf, { rate: adapterDropout, seed }), elsewhere)
}

/** What an epoch descends by. */
function optimiserOf (
  { optimiser }: Phase, { curve, firstEpoch, start }: TrainingState, { learningRate }: Settings
): Partial<AdamSettings> {
  if (optimiser === undefined) return { learningRate }
  const { learningRate: rate, weightDecay, halveAfter } = optimiser
  const seen = curve.filter(({ epoch }) => epoch >= firstEpoch).map(({ metrics }) => metrics['ndcg10']!)
  return { learningRate: rate / 2 ** halvings(seen, halveAfter, start?.metrics['ndcg10']), weightDecay }
}

/** How often, so far, `patience` values in a row, counted anew after each time, were no better than the best before. */
export function halvings (values: readonly number[], patience: number, start = -Infinity): number {
  let [best, still, times] = [start, 0, 0]
  for (const value of values) {
    still = value > best ? 0 : still + 1
    best = Math.max(best, value)
    if (still < patience) continue
    still = 0
    times++
  }
  return times
}

/** Enough epochs, or too many since validation was last better. */
function isOver ({ stop }: Phase, { epoch, firstEpoch, best }: TrainingState): boolean {
  const lastGain = Math.max(best?.epoch ?? 0, firstEpoch - 1)
  return epoch - firstEpoch >= stop.epochs || epoch - 1 - lastGain >= stop.patience
}

function addUp (sums: Readonly<Record<string, number>>, more: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...more].map(([name, value]) => [name, (sums[name] ?? 0) + value]))
}

function means (sums: Readonly<Record<string, number>>, steps: number): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]))
}

/** Full ranking of the validation targets: over all users, and for each domain. */
function validate (parts: TrainParts, weights: Weights): Record<string, number> {
  const model = createModel(parts.tf, { ...parts, weights })
  try {
    const evaluation = evaluate(parts.dataset, model.scorer(), { split: 'valid', mode: 'full' })
    const { all, domains } = metricsByDomain(evaluation, parts.dataset.domains)
    const of = (name: string, { ndcg10, hr10 }: Metrics): [string, number][] =>
      [[`ndcg10${name}`, ndcg10], [`hr10${name}`, hr10]]
    return Object.fromEntries([
      ...of('', all), ...Object.entries(domains).flatMap(([name, found]) => of(`.${name}`, found)),
    ])
  } finally {
    model.dispose()
  }
}
