import type { Engine } from './engine.ts'
import type { ModelPool } from './model-pool.ts'

/**
 * The engine of whatever model leads at the moment of a call, for callers that do not care which one it is. Each call
 * holds its model until it is answered; two calls may meet two models, so an answer made of several takes a lease.
 */
export function leadEngine (pool: Pick<ModelPool, 'lead' | 'take'>): Omit<Engine, 'close'> {
  const held = async <T>(call: (engine: Engine) => Promise<T>): Promise<T> => {
    const { model, release } = pool.take()
    try {
      return await call(model.engine)
    } finally {
      release()
    }
  }
  return {
    get model () { return pool.lead.engine.model },
    get domains () { return pool.lead.engine.domains },
    get openedDomains () { return pool.lead.engine.openedDomains },
    get opensDomains () { return pool.lead.engine.opensDomains },
    get about () { return pool.lead.engine.about },
    get embedder () { return pool.lead.engine.embedder },
    recommend: async (job) => await held(async (engine) => await engine.recommend(job)),
    similar: async (job) => await held(async (engine) => await engine.similar(job)),
    openDomain: async (domain) => await held(async (engine) => await engine.openDomain(domain)),
    search: async (job) => await held(async (engine) => await engine.search(job)),
    chart: async (itemIds) => await held(async (engine) => await engine.chart(itemIds)),
    putItems: async (items) => await held(async (engine) => await engine.putItems(items)),
    removeItem: async (itemId) => await held(async (engine) => await engine.removeItem(itemId)),
    describe: async (itemId) => await held(async (engine) => await engine.describe(itemId)),
    status: () => pool.lead.engine.status(),
  }
}
