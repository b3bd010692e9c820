import type { FastifyBaseLogger } from 'fastify'
import type { Variant } from '../bundle/selection.ts'
import { IsthmusError } from '../errors.ts'
import type { SharedStore } from '../state/shared/open-shared-store.ts'
import type { ModelChoice } from '../state/stores.ts'
import type { Catalogue } from './catalogue.ts'
import type { ModelLife } from './models/life-cycle.ts'

const GROUP = 256

export interface Peers {
  /** From now on what was noted, and what comes, is done. */
  follow: (deps: FollowDeps) => void
}

export interface FollowDeps {
  /** Of the models that this instance serves. */
  readonly name: string
  readonly catalogue: Pick<Catalogue, 'follow'>
  readonly life: Pick<ModelLife, 'activate'>
}

/** Does what other instances did: their items go to the engines here, and the models they chose are activated. */
export function notePeers (shared: Pick<SharedStore, 'onRemote'>, log: Pick<FastifyBaseLogger, 'warn'>): Peers {
  const items = new Set<string>()
  let choice: ModelChoice | undefined
  let deps: FollowDeps | undefined
  let running = false

  async function work ({ name, catalogue, life }: FollowDeps): Promise<void> {
    while (items.size > 0 || choice !== undefined) {
      const group = [...items].slice(0, GROUP)
      for (const itemId of group) items.delete(itemId)
      const chosen = choice
      choice = undefined
      try {
        if (group.length > 0) await catalogue.follow(group)
        if (chosen?.name === name) await life.activate(selectionOf(chosen), { allowOlder: true, from: 'peer' })
      } catch (error) {
        // A restart reads the items again, and the life cycle has told what is wrong with a model.
        log.warn({ code: error instanceof IsthmusError ? error.code : 'internal' }, 'what another instance did failed here')
      }
    }
  }
  const start = (): void => {
    if (deps === undefined || running) return
    running = true
    work(deps).finally(() => {
      running = false
      // What came between the last look and this.
      if (items.size > 0 || choice !== undefined) start()
    }).catch(() => {})
  }

  shared.onRemote((change) => {
    if (change.kind === 'item') items.add(change.itemId)
    else choice = change.choice
    start()
  })
  return {
    follow (given) {
      deps = given
      start()
    },
  }
}

/** What a choice of a model holds, as `choiceOf` made it. */
export function selectionOf ({ version, detail }: ModelChoice): { version: string, variants: readonly Variant[] } {
  const variants = typeof detail === 'object' && detail !== null && 'variants' in detail ? detail.variants : []
  // The life cycle checks the variants, as it does those of a caller.
  return { version, variants: Array.isArray(variants) ? variants as Variant[] : [] }
}

export function choiceOf (
  name: string, { version, variants }: { readonly version: string, readonly variants: readonly Variant[] }
): ModelChoice {
  return { name, version, detail: { variants } }
}
