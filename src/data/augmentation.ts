import { IsthmusError } from '../errors.ts'
import { evaluationInput, target, trainPrefix } from './dataset.ts'
import type { Augmentation, Dataset, Domain, Sequenced, Split } from './dataset.ts'

/**
 * The dataset with synthetic events laid over it. Its digest stays: what is asked of a system, and against what it is
 * ranked, is the same. Throws `artefact_invalid` where the two do not belong together.
 */
export function withAugmentation (dataset: Dataset, augmentation: Augmentation): Dataset {
  const { items, users } = dataset
  const { offsets, events, synthetic } = augmentation
  let offset = items.length
  const domains = dataset.domains.map((domain): Domain => {
    const size = augmentation.items.filter((item) => item.domain === domain.name).length
    const fresh = { size, offset }
    offset += size
    return { ...domain, fresh }
  })
  const inOrder = domains.every(({ name, fresh }) => {
    const from = fresh!.offset - items.length
    return augmentation.items.slice(from, from + fresh!.size).every(({ domain }) => domain === name)
  })
  const counts = offsets.length === users.length + 1 && offsets[users.length] === events.length &&
    synthetic.length === events.length && offset === items.length + augmentation.items.length
  if (!inOrder || !counts || !keepsReal(dataset, augmentation)) {
    throw new IsthmusError('artefact_invalid', 'these synthetic events are not those of this dataset')
  }
  return { ...dataset, domains, augmentation }
}

/** Without its synthetic events, every training prefix is what it was, and only synthetic events have fresh items. */
function keepsReal (dataset: Dataset, { offsets, events, synthetic }: Augmentation): boolean {
  return dataset.users.every((_, user) => {
    const real = trainPrefix(dataset, user)
    let at = 0
    for (let i = offsets[user]!; i < offsets[user + 1]!; i++) {
      if (synthetic[i] === 0 && events[i] !== real[at++]) return false
    }
    return at === real.length
  })
}

/** The dataset as it was before `withAugmentation`. */
export function withoutAugmentation ({ augmentation: _, ...dataset }: Dataset): Dataset {
  return { ...dataset, domains: dataset.domains.map(({ fresh: _fresh, ...domain }) => domain) }
}

type Augmentable = Sequenced & Pick<Dataset, 'augmentation'>

/** What encoders learn from of a user: the training prefix, with its synthetic events where there are some. */
export function trainInput (dataset: Augmentable, user: number): Int32Array {
  const { augmentation } = dataset
  return augmentation === undefined
    ? trainPrefix(dataset, user)
    : augmentation.events.subarray(augmentation.offsets[user]!, augmentation.offsets[user + 1]!)
}

/** Beside `trainInput`: whether each of its events is synthetic; undefined where none is. */
export function syntheticFlags ({ augmentation }: Pick<Dataset, 'augmentation'>, user: number): Int32Array | undefined {
  return augmentation?.synthetic.subarray(augmentation.offsets[user]!, augmentation.offsets[user + 1]!)
}

/** What an encoder reads to predict the target of `split`: `trainInput`, and for test the real validation item. */
export function modelInput (dataset: Augmentable, user: number, split: Split): Int32Array {
  if (dataset.augmentation === undefined) return evaluationInput(dataset, user, split)
  const input = trainInput(dataset, user)
  return split === 'valid' ? input : Int32Array.of(...input, target(dataset, user, 'valid'))
}

/** Items that have a vector: those of the catalogue and fresh ones. */
export function itemsWithFresh ({ items, augmentation }: Pick<Dataset, 'items' | 'augmentation'>): number {
  return items.length + (augmentation?.items.length ?? 0)
}
