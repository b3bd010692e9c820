import { type Clock, stamp, timeOf } from '../clock.ts'
import { decodeRecord, encodeRecord } from '../record.ts'
import { registerKey } from '../register.ts'
import type { ModelChoice, ModelStore } from '../stores.ts'
import type { Outbox } from '../journal.ts'
import type { Tables } from './environment.ts'
import type { Writer } from './writer.ts'

interface StampedChoice { readonly stamp: string, readonly choice: ModelChoice }

export interface Models extends ModelStore {
  chosen: (name: string) => StampedChoice | undefined
  /** Inside a transaction: takes what another instance chose, unless what is here is later. True if taken. */
  mergeModel: (stamp: string, choice: ModelChoice) => boolean
}

export interface ModelsDeps {
  readonly tables: Tables
  readonly writer: Writer
  readonly outbox: Outbox
  readonly clock: Clock
  readonly instance: string
}

/** The model to serve, by name, on disk: the latest choice of each. */
export function createModels ({ tables: { models }, writer, outbox, clock, instance }: ModelsDeps): Models {
  const chosen = (name: string): StampedChoice | undefined => {
    const record = models.get(name)
    return record === undefined ? undefined : decodeRecord(record).value as StampedChoice
  }
  return {
    chosen,
    chosenModel: (name) => chosen(name)?.choice,
    chooseModel: async (choice) => await writer.write(() => {
      const at = stamp(clock.next(timeOf(chosen(choice.name)?.stamp)), instance)
      models.putSync(choice.name, encodeRecord({ stamp: at, choice } satisfies StampedChoice))
      outbox.mark(registerKey('model', choice.name))
    }, 512),
    mergeModel (at, choice) {
      const known = chosen(choice.name)
      if (known !== undefined && known.stamp >= at) return false
      models.putSync(choice.name, encodeRecord({ stamp: at, choice } satisfies StampedChoice))
      return true
    },
  }
}
