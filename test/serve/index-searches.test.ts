import Fastify from 'fastify'
import { expect, it } from 'vitest'
import type { EngineStatus } from '../../src/recommend/engine.ts'
import { ProblemSchema } from '../../src/serve/problems.ts'
import { createMetrics } from '../../src/serve/metrics.ts'
import { metricsRoute } from '../../src/serve/routes/metrics.ts'

it('the metrics say of an index that is both what answered, also of another model after a swap', async () => {
  const status = (exact: number, hnsw: number): EngineStatus => ({
    provider: 'cpu',
    retrieval: { sport: 'hybrid', cloth: 'exact' },
    searched: { sport: { exact, hnsw } },
    items: { sport: 60_000, cloth: 5 },
    tail: { sport: 0, cloth: 0 },
    queueDepth: 0,
    waitMs: 0,
    busyMs: 0,
  })
  let now = status(40, 3)
  const app = Fastify().addSchema(ProblemSchema)
  await app.register(metricsRoute, {
    engine: { model: { name: 'shop', version: 'v' }, domains: ['sport', 'cloth'], status: () => now },
    metrics: createMetrics(),
    pendingItems: () => 0,
    loopDelay: () => 0,
  })
  const lines = async (): Promise<string[]> => (await app.inject('/metrics')).body.split('\n')
    .filter((line) => line.startsWith('isthmus_index_searches_total'))
  const wanted = (exact: number, hnsw: number): string[] => [
    `isthmus_index_searches_total{domain="sport",by="exact"} ${exact}`,
    `isthmus_index_searches_total{domain="sport",by="hnsw"} ${hnsw}`,
  ]
  expect(await lines()).toEqual(wanted(40, 3))
  expect(await lines()).toEqual(wanted(40, 3))
  now = status(1, 0)
  expect(await lines()).toEqual(wanted(1, 0))
  await app.close()
})
