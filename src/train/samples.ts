import { syntheticFlags, trainInput } from '../data/augmentation.ts'
import type { Dataset, Domain } from '../data/dataset.ts'
import { domainOf } from '../data/dataset.ts'
import { threadSample } from '../data/threads.ts'
import { latestIds } from '../data/window.ts'
import type { Random } from '../random.ts'
import type { Settings } from '../systems/settings.ts'

/** What one row of a batch reads, and what it is to predict where. */
export interface Sample {
  /** Index into the batch's users. */
  readonly user: number
  /** Global ids, oldest first; 0 where an item is hidden. */
  readonly mixed: Int32Array
  /** For each domain the ids local to it, hidden alike. */
  readonly local: readonly Int32Array[]
  readonly steps: readonly SampleStep[]
}

export interface SampleStep {
  /** Of the target. */
  readonly domain: number
  /** Index into `mixed`. */
  readonly mixed: number
  /** Index into `local[domain]`; absent where nothing of the domain is shown there. */
  readonly local?: number
  /** Global ids of what the step shows (0 where it is hidden) and of what it is to predict. */
  readonly input: number
  readonly target: number
}

type Choice = Pick<Settings, 'backbone' | 'length' | 'firstInDomain' | 'hiddenShare' | 'augTargets'>

/**
 * The samples that teach these users, from their training events, synthetic ones among them. Each step predicts the
 * next; with bert4rec a user gives two samples, one with steps hidden at random and one with the last step hidden, as
 * serving asks for it.
 */
export function drawSamples (
  dataset: Dataset, { backbone, length, firstInDomain, hiddenShare, augTargets = true }: Choice, users: Int32Array,
  random: Random
): Sample[] {
  const { domains } = dataset
  const prefixes = Array.from(users, (user) => trainInput(dataset, user))
  const drop = firstInDomain === 'drop'
  /** Whether the event at this place of a user's window may be asked for. */
  const asked = (user: number): (place: number) => boolean => {
    const flags = augTargets ? undefined : syntheticFlags(dataset, users[user]!)
    const window = flags && latestIds(flags, length + 1)
    return (place) => window?.[place] !== 1
  }
  if (backbone !== 'bert4rec') {
    return prefixes.map((events, user) => only(asked(user), 1, nextSample(domains, events, length, user, drop)))
  }
  const windows = prefixes.map((events) => latestIds(events, length + 1))
  const hide = (window: Int32Array, user: number, hidden: boolean[]): Sample =>
    only(asked(user), 0, hiddenSample(domains, window, hidden, user, drop))
  return [
    ...windows.map((window, user) => hide(window, user, Array.from(window, () => random.next() < hiddenShare))),
    ...windows.map((window, user) => hide(window, user, Array.from(window, (_, i) => i === window.length - 1))),
  ]
}

/** The sample with those steps alone whose target, so many places after them in the window, is asked for. */
function only (asked: (place: number) => boolean, after: number, sample: Sample): Sample {
  return { ...sample, steps: sample.steps.filter(({ mixed }) => asked(mixed + after)) }
}

function nextSample (
  domains: readonly Domain[], events: Int32Array, length: number, user: number, dropFirst: boolean
): Sample {
  const { mixed, local, targetDomains, localMask } = threadSample(domains, events, length)
  const next = domains.map(() => 0)
  const steps = Array.from(mixed.ids, (input, at): SampleStep => {
    const domain = targetDomains[at]!
    const target = mixed.targets[at]!
    // A sample's steps of one domain stand in the order of its local thread.
    return { domain, mixed: at, input, target, ...(localMask[at] !== -1 && { local: next[domain]!++ }) }
  })
  return { user, mixed: mixed.ids, local: local.map(({ ids }) => ids), steps: kept(steps, dropFirst) }
}

function hiddenSample (
  domains: readonly Domain[], window: Int32Array, hidden: readonly boolean[], user: number, dropFirst: boolean
): Sample {
  const kinds = Array.from(window, (id) => domainOf(domains, id))
  const local = domains.map(({ offset }, k) => Int32Array.from(window.keys())
    .filter((at) => kinds[at] === k)
    .map((at) => hidden[at] === true ? 0 : window[at]! - offset))
  const places = domains.map(() => 0)
  const steps = kinds.flatMap((domain, at): SampleStep[] => {
    const place = places[domain]!++
    if (hidden[at] !== true) return []
    const shown = local[domain]!.some((id) => id !== 0)
    return [{ domain, mixed: at, input: 0, target: window[at]!, ...(shown && { local: place }) }]
  })
  return { user, mixed: window.map((id, at) => hidden[at] === true ? 0 : id), local, steps: kept(steps, dropFirst) }
}

function kept (steps: SampleStep[], dropFirst: boolean): SampleStep[] {
  return dropFirst ? steps.filter(({ local }) => local !== undefined) : steps
}
