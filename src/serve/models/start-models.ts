import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { openBundle } from '../../bundle/open.ts'
import type { Environment, ServiceConfig } from '../../config/service-config.ts'
import { canRaise } from '../../priority.ts'
import type { EngineWorkerData } from '../../recommend/engine-protocol.ts'
import { createModelPool, type ModelPool } from '../../recommend/model-pool.ts'
import { createTrials } from '../../recommend/trial.ts'
import type { Store } from '../../state/stores.ts'
import type { Metrics } from '../metrics.ts'
import { domainBringer } from '../new-domains.ts'
import { openTextEmbedder } from '../text-embedder.ts'
import { createEmbedderShelf } from './embedder-shelf.ts'
import type { ModelLifeDeps } from './life-cycle.ts'
import { checkMemory } from './memory.ts'
import { type LoadedModel, type OpenedModel, openModel } from './open-model.ts'
import type { ModelFolder } from './select.ts'
import { sharesOf } from './shares.ts'

export interface StartModelsDeps {
  readonly config: ServiceConfig
  readonly env: Environment
  /** Undefined: `config.bundle` is the one version. */
  readonly folder: ModelFolder | undefined
  readonly store: Store
  readonly log: FastifyBaseLogger
  readonly metrics: Pick<
    Metrics,
    'engineUp' | 'batchSize' | 'engineSeconds' | 'queueWait' | 'deadlineExpired' | 'clientsGone' | 'embeddingTokens'
  >
}

export interface StartedModels {
  readonly lead: OpenedModel
  readonly pool: ModelPool<LoadedModel>
  /** How another version is tried and opened, as these were. */
  readonly versions: Pick<ModelLifeDeps, 'root' | 'tryVersion' | 'open'>
}

/** Opens what is selected, with the histories that come with it; closes again what was opened where that fails. */
export async function startModels (deps: StartModelsDeps): Promise<StartedModels> {
  const { config, env, folder, store, log, metrics } = deps
  const { bundle, provider, retrieval, userCache, playground, maxWaiting, openDomains, redis } = config
  const embedders = createEmbedderShelf(async (wanted) => await openTextEmbedder(wanted, env, {
    tokensPerDay: config.embedTokensPerDay, onTokens: (tokens) => { metrics.embeddingTokens.inc(tokens) },
  }))
  const down = new Set<string>()
  const open = async (
    dir: string, how: Pick<EngineWorkerData, 'gently' | 'lowered'> = {}
  ): Promise<OpenedModel> => await openModel(dir, {
    store,
    embedders,
    bring: domainBringer(openDomains),
    log,
    engine: {
      provider,
      retrieval,
      ...(redis === undefined ? {} : { cluster: redis }),
      userCache,
      chart: playground,
      maxWaiting,
      ...how,
      onSent: (ms) => metrics.queueWait.observe(ms / 1000),
      onDrop: (reason) => {
        if (reason === 'deadline') metrics.deadlineExpired.inc({ stage: 'queue' })
        else metrics.clientsGone.inc()
      },
      onBatch: (calls, ms) => {
        metrics.batchSize.observe(calls)
        metrics.engineSeconds.observe(ms / 1000)
      },
    },
    onState: (version, state) => {
      if (state === 'down') down.add(version)
      else down.delete(version)
      metrics.engineUp.set(down.size === 0 ? 1 : 0)
    },
  })
  const tryVersion = async (dir: string, signal: AbortSignal): Promise<void> => {
    checkMemory((await openBundle(dir, { verify: 'on-read' })).manifest)
    const trials = createTrials()
    signal.addEventListener('abort', trials.close, { once: true })
    try {
      // What Redis holds harms no process, and is filled when the model is opened.
      await trials.run({ bundle: dir, provider, retrieval: retrieval === 'cluster' ? 'exact' : retrieval })
    } finally {
      signal.removeEventListener('abort', trials.close)
      trials.close()
    }
  }

  const opened: OpenedModel[] = []
  try {
    const lead = await open(folder === undefined ? bundle : join(folder.root, folder.selection.version))
    opened.push(lead)
    for (const { version } of folder?.selection.variants ?? []) opened.push(await open(join(folder!.root, version)))
    for (const model of opened) await model.seed(new AbortController().signal)
    const selection = folder?.selection ?? { version: lead.engine.model.version, variants: [] }
    const shares = sharesOf(selection, new Map(opened.map((model) => [model.engine.model.version, model])))
    const openBeside = async (dir: string): Promise<OpenedModel> =>
      await open(dir, { gently: true, lowered: await canRaise() })
    const versions = { root: folder?.root, tryVersion, open: openBeside }
    return { lead, pool: createModelPool(shares), versions }
  } catch (error) {
    for (const model of opened) await model.close()
    throw error
  }
}
