import { IsthmusError } from '../errors.ts'
import type { ServingModel } from '../recommend/model-pool.ts'
import type { ItemStore, StoredItem } from '../state/stores.ts'
import type { CheckedItem } from './check-item.ts'
import type { KeyedLock } from './keyed-lock.ts'
import { type BringDomain, ofBroughtDomains } from './new-domains.ts'
import { putReady } from './put-ready.ts'

/** A loaded bundle, as posted items see it. */
export interface ItemModel extends ServingModel {
  /** The text that stands for an item, by the template the bundle was made with. */
  readonly itemText: (domain: string, item: Omit<CheckedItem, 'contentHash'>) => string
}

/** The models that hold posted items: what is stored once is given to each of them. */
export interface ItemModels {
  /** Its embedder is that of what is stored. */
  readonly lead: ItemModel
  /** Whether each of them answers for domains that its bundle has nothing of. */
  readonly opensDomains: boolean
  /** Items that a model lacks until their text is embedded. */
  waitingOf: (model: ItemModel) => ReadonlySet<string>
  /** Of items just stored, while their locks are held. Those that the lead refuses come back: they wait. */
  put: (stored: readonly StoredItem[]) => Promise<StoredItem[]>
  /** Of an item just deleted, while its lock is held. */
  remove: (itemId: string) => Promise<void>
  /** Notes what changes from now on, while a model is loaded from what is stored now. */
  expect: () => Expected
  /** From now on texts are embedded, and vectors stored, as this model does it; it has joined before. */
  setLead: (model: ItemModel) => void
  leave: (model: ItemModel) => void
}

export interface Expected {
  /**
   * Gives a loaded model what changed meanwhile, and everything from then on.
   * @param pending stored items that the model could not take as they are
   */
  join: (model: ItemModel, pending: readonly string[]) => Promise<void>
  cancel: () => void
}

interface ItemModelsDeps {
  readonly store: Pick<ItemStore, 'getItem'>
  /** Held while an item is stored and given on. */
  readonly locks: KeyedLock
  readonly bring: BringDomain
}

/** Begins with one model, and the stored items that it could not take. */
export function createItemModels (
  { store, locks, bring }: ItemModelsDeps, first: ItemModel, pending: readonly string[] = []
): ItemModels {
  let lead = first
  const waiting = new Map<ItemModel, Set<string>>([[first, new Set(pending)]])
  const notes = new Set<Set<string>>()

  const note = (itemId: string): void => {
    for (const changed of notes) changed.add(itemId)
  }
  /** One model takes what it can; the rest of its domains waits. Returns what it refused. */
  const give = async (model: ItemModel, waits: Set<string>, stored: readonly StoredItem[]): Promise<StoredItem[]> => {
    const fits = (one: StoredItem): boolean =>
      one.embedding !== undefined && one.embedderId === model.engine.embedder.id
    const own = await ofBroughtDomains(bring, model.engine, stored)
    for (const one of own) {
      if (!fits(one) && one.title !== undefined) waits.add(one.itemId)
      else waits.delete(one.itemId)
    }
    return await putReady(model.engine, own.filter(fits))
  }

  const takeAway = async (model: ItemModel, waits: Set<string>, itemId: string): Promise<void> => {
    await model.engine.removeItem(itemId)
    model.popular.remove(itemId)
    waits.delete(itemId)
  }

  return {
    get lead () { return lead },
    get opensDomains () { return [...waiting.keys()].every(({ engine }) => engine.opensDomains) },
    waitingOf: (model) => waiting.get(model) ?? new Set(),

    async put (stored) {
      for (const { itemId } of stored) note(itemId)
      let refused: StoredItem[] = []
      for (const [model, waits] of waiting) {
        const back = await give(model, waits, stored)
        if (model === lead) refused = back
      }
      return refused
    },

    async remove (itemId) {
      note(itemId)
      for (const [model, waits] of waiting) await takeAway(model, waits, itemId)
    },

    expect () {
      const changed = new Set<string>()
      notes.add(changed)
      return {
        async join (model, pending) {
          const waits = new Set(pending)
          waiting.set(model, waits)
          notes.delete(changed)
          for (const itemId of changed) {
            await locks.run([itemId], async () => {
              const stored = store.getItem(itemId)
              if (stored === undefined) await takeAway(model, waits, itemId)
              else await give(model, waits, [stored])
            })
          }
        },
        cancel () { notes.delete(changed) },
      }
    },

    setLead (model) {
      if (!waiting.has(model)) throw new IsthmusError('internal', 'the model has not joined')
      lead = model
    },

    leave (model) {
      if (model !== lead) waiting.delete(model)
    },
  }
}
