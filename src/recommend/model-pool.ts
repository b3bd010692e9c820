import { createHash } from 'node:crypto'
import type { Engine } from './engine.ts'
import type { PopularList } from './popular.ts'

/** A loaded bundle with all that answering from it takes. */
export interface ServingModel {
  readonly engine: Engine
  /** What can be answered while the engine cannot. */
  readonly popular: PopularList
  /** Of the bundle's embedder id; fails where there is none. */
  readonly embedder: {
    embed: (texts: readonly string[], options: { readonly signal: AbortSignal }) => Promise<Float32Array>
  }
}

/** One model's part of the users. */
export interface Share<M extends ServingModel = ServingModel> {
  readonly model: M
  /** Named in answers while users are split; plain, since it becomes a label of metrics. */
  readonly variant?: string
  /** Of all users, 0 to 1; that of the first share is what the others leave. */
  readonly weight: number
}

/** A model held for one answer, so that the whole answer comes from it; to be released once. */
export interface Lease<M extends ServingModel = ServingModel> {
  readonly model: M
  readonly variant: string | undefined
  readonly release: () => void
}

/** Which models answer. They change in one assignment: a request sees the old set or the new one, never a mix. */
export interface ModelPool<M extends ServingModel = ServingModel> {
  /** Answers whoever is not split: callers without a user id, and all of the catalogue. */
  readonly lead: M
  readonly shares: ReadonlyArray<Share<M>>
  /** A user gets the same model as long as the shares stay, and keeps it where the share of it grows. */
  readonly take: (userId?: string) => Lease<M>
  /** The first share leads. */
  readonly swap: (shares: ReadonlyArray<Share<M>>) => void
  /** Resolves when no lease of a model is left; nobody takes one that has no share any more. */
  readonly idle: (model: M) => Promise<void>
}

export function createModelPool<M extends ServingModel> (first: ReadonlyArray<Share<M>>): ModelPool<M> {
  let shares = first
  const held = new Map<M, number>()
  const listeners = new Map<M, Array<() => void>>()

  const release = (model: M): void => {
    const left = (held.get(model) ?? 1) - 1
    if (left > 0) {
      held.set(model, left)
      return
    }
    held.delete(model)
    for (const tell of listeners.get(model) ?? []) tell()
    listeners.delete(model)
  }

  return {
    get lead () { return shares[0]!.model },
    get shares () { return shares },
    take (userId) {
      const { model, variant } = choose(shares, userId)
      held.set(model, (held.get(model) ?? 0) + 1)
      let released = false
      return {
        model,
        variant,
        release () {
          if (released) return
          released = true
          release(model)
        },
      }
    },
    swap (next) { shares = next },
    async idle (model) {
      if (!held.has(model)) return
      await new Promise<void>((resolve) => listeners.set(model, [...listeners.get(model) ?? [], resolve]))
    },
  }
}

/** The others take [0, their weights) of the circle in their order, the first one the rest. */
function choose<M extends ServingModel> (shares: ReadonlyArray<Share<M>>, userId: string | undefined): Share<M> {
  const [lead, ...others] = shares
  if (userId === undefined || others.length === 0) return lead!
  const at = placeOf(userId)
  let end = 0
  for (const share of others) {
    end += share.weight
    if (at < end) return share
  }
  return lead!
}

/** Where a user stands, 0 to 1: the same in every instance, and the same for every split. */
function placeOf (userId: string): number {
  return createHash('sha256').update(`variant:${userId}`).digest().readUInt32BE(0) / 2 ** 32
}
