import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { CURRENT_FILE } from '../../bundle/pointer.ts'
import { readPrevious, readSelection, type Selection, variantFault, writeSelection } from '../../bundle/selection.ts'
import { type ErrorCode, IsthmusError } from '../../errors.ts'
import type { ModelPool, Share } from '../../recommend/model-pool.ts'
import type { Catalogue } from '../catalogue.ts'
import type { ItemModels } from '../item-models.ts'
import { checkThere, checkWritable, isOlder } from './change-checks.ts'
import type { LoadedModel } from './open-model.ts'
import { retire } from './retire.ts'
import { isSelected, sharesOf } from './shares.ts'

/** What changes the models of a running service: one change at a time, and one that fails changes nothing. */
export interface ModelLife {
  readonly state: ModelState
  /**
   * Loads what is selected beside what answers, tries it, warms it, writes the selection down, and swaps. Fails with
   * `reload_in_progress`, `not_found`, `older_version`, `variants_differ`, `validation_failed`, `models_fixed`,
   * `shutting_down`, or with what is wrong with a bundle.
   */
  activate: (selection: Selection, options?: ActivateOptions) => Promise<void>
  /** Activates what CURRENT named before, alone. Fails with `not_found` where nobody knows that, and as `activate`. */
  rollback: () => Promise<void>
  /** Does what the pointer says, which somebody else has written; back in time, too. Fails as `activate`. */
  follow: () => Promise<void>
  /** Gives up what is being loaded, waits for what is being released, and closes all; no change begins after. */
  close: () => Promise<void>
}

export interface ActivateOptions {
  /** The lead may become an older version than it is. */
  readonly allowOlder?: boolean
  /** Passed on to `onSwap`. */
  readonly from?: Origin
}

/** Who chose: a caller of this instance, another instance, or whoever wrote the pointer. */
export type Origin = 'caller' | 'peer' | 'pointer'

export interface ModelState {
  readonly shares: ReadonlyArray<Share<LoadedModel>>
  /** Being loaded. */
  readonly loading: ReadonlySet<string>
  /** Without users, giving their last answers. */
  readonly draining: ReadonlySet<string>
  /** Versions that were not taken when they were tried last, with the code of why. */
  readonly refused: ReadonlyMap<string, ErrorCode>
}

export interface ModelLifeDeps {
  /** The folder of the versions; undefined where BUNDLE names one version, which is fixed then. */
  readonly root: string | undefined
  readonly pool: ModelPool<LoadedModel>
  readonly itemModels: ItemModels
  readonly catalogue: Pick<Catalogue, 'reembed'>
  /** Loads a version where it can do no harm, and rejects where that fails. */
  readonly tryVersion: (dir: string, signal: AbortSignal) => Promise<void>
  readonly open: (dir: string) => Promise<LoadedModel>
  /** After each swap; must not throw. */
  readonly onSwap?: (selection: Selection, from: Origin) => void
  /** After each change that was tried. */
  readonly onReload?: (result: 'ok' | 'failed', reason: ErrorCode | 'none') => void
  readonly log: Pick<FastifyBaseLogger, 'info' | 'error'>
}

export function createModelLife (deps: ModelLifeDeps): ModelLife {
  const { root, pool, itemModels, log } = deps
  const closing = new AbortController()
  const loading = new Set<string>()
  const draining = new Map<string, Promise<void>>()
  const refused = new Map<string, ErrorCode>()
  const seeding = new Set<Promise<unknown>>()
  let busy: Promise<void> | undefined

  /** Waits for nothing: who asks while a change is under way is told so. */
  const alone = async (change: (root: string) => Promise<void>): Promise<void> => {
    if (closing.signal.aborted) throw new IsthmusError('shutting_down', 'no model changes at the end')
    if (root === undefined) throw new IsthmusError('models_fixed', 'BUNDLE names one version')
    if (busy !== undefined) throw new IsthmusError('reload_in_progress', 'another change is under way')
    const work = change(root)
    busy = work.then(() => {}, () => {})
    try {
      await work
    } finally {
      busy = undefined
    }
  }

  async function change (root: string, selection: Selection, options: ActivateOptions): Promise<void> {
    const { version, variants } = selection
    const { from = 'caller', allowOlder = false } = options
    const fault = variantFault(variants)
    if (fault !== undefined) throw new IsthmusError('validation_failed', fault, { place: { field: 'variants' } })
    if (!allowOlder && isOlder(version, pool.lead.engine.model.version)) {
      throw new IsthmusError('older_version', 'the version is older than the one that answers', { place: { field: 'version' } })
    }
    if (from !== 'pointer') await checkWritable(root)
    const known = new Map(pool.shares.map(({ model }) => [model.engine.model.version, model]))
    const fresh: LoadedModel[] = []
    const afterSwap: Array<() => Promise<void>> = []
    try {
      for (const wanted of [version, ...variants.map((one) => one.version)]) {
        if (known.has(wanted)) continue
        const { model, keep } = await load(root, wanted, from)
        fresh.push(model)
        afterSwap.push(keep)
        known.set(wanted, model)
      }
      const shares = sharesOf(selection, known)
      if (from !== 'pointer') await writeSelection(root, selection)
      swap(shares)
    } catch (error) {
      for (const model of fresh) {
        itemModels.leave(model)
        await model.close()
      }
      throw error
    }
    deps.onSwap?.(selection, from)
    for (const keep of afterSwap) await keep()
    for (const model of fresh) seed(model)
  }

  /** One version, loaded and brought up to date; not answering yet. */
  async function load (
    root: string, version: string, from: Origin
  ): Promise<{ model: LoadedModel, keep: () => Promise<void> }> {
    const dir = join(root, version)
    if (from !== 'pointer') await checkThere(dir)
    loading.add(version)
    const expected = itemModels.expect()
    try {
      await deps.tryVersion(dir, closing.signal)
      const model = await deps.open(dir)
      try {
        closing.signal.throwIfAborted()
        await expected.join(model, model.pending)
        const changes = model.engine.embedder.id !== pool.lead.engine.embedder.id
        const keep = changes ? await deps.catalogue.reembed(model, closing.signal) : async () => {}
        await model.warm()
        refused.delete(version)
        return { model, keep }
      } catch (error) {
        itemModels.leave(model)
        await model.close()
        throw error
      }
    } catch (error) {
      expected.cancel()
      if (closing.signal.aborted) throw new IsthmusError('shutting_down', 'the load was given up', { cause: error })
      refused.set(version, error instanceof IsthmusError ? error.code : 'internal')
      throw error
    } finally {
      loading.delete(version)
    }
  }

  /** From here on nothing fails. */
  function swap (shares: ReadonlyArray<Share<LoadedModel>>): void {
    const old = pool.shares.map(({ model }) => model)
    pool.swap(shares)
    itemModels.setLead(pool.lead)
    for (const model of old) {
      if (shares.some((share) => share.model === model)) continue
      itemModels.leave(model)
      const { version } = model.engine.model
      const gone = retire(pool, model)
        .catch((err: unknown) => log.error({ err, version }, 'a model could not be closed'))
        .finally(() => draining.delete(version))
      draining.set(version, gone)
    }
  }

  /** Takes as long as the bundle has histories: nobody waits for it but the end. */
  function seed (model: LoadedModel): void {
    const { version } = model.engine.model
    const done = model.seed(closing.signal)
      .catch((err: unknown) => closing.signal.aborted || log.error({ err, version }, 'histories were not brought in'))
      .finally(() => seeding.delete(done))
    seeding.add(done)
  }

  const failed = (err: unknown): never => {
    log.error({ err }, 'the selected models were not taken; what answered goes on')
    deps.onReload?.('failed', err instanceof IsthmusError ? err.code : 'internal')
    throw err
  }
  /** Makes a change, and tells how it went. */
  const told = async (root: string, selection: Selection, options: ActivateOptions): Promise<void> => {
    await change(root, selection, options).catch(failed)
    log.info(selection, 'the selected models answer')
    deps.onReload?.('ok', 'none')
  }

  return {
    state: {
      get shares () { return pool.shares },
      loading,
      get draining () { return new Set(draining.keys()) },
      refused,
    },
    activate: async (selection, options = {}) => await alone(async (root) => await told(root, selection, options)),
    rollback: async () => await alone(async (root) => {
      const version = await readPrevious(root)
      if (version === undefined) throw new IsthmusError('not_found', `nobody wrote down what ${CURRENT_FILE} named before`)
      await told(root, { version, variants: [] }, { allowOlder: true })
    }),
    async follow () {
      if (root === undefined) return
      // Looked at before anything is held up: what a caller has just changed is nothing to do.
      const selection = await readSelection(root).catch((error: unknown) => failed(error))
      if (isSelected(pool.shares, selection)) return
      await alone(async () => await told(root, selection, { allowOlder: true, from: 'pointer' }))
    },
    async close () {
      closing.abort()
      await busy
      await Promise.all([...draining.values(), ...seeding])
      for (const { model } of pool.shares) await model.close()
    },
  }
}
