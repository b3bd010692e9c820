import { Counter, Gauge } from 'prom-client'
import type { SharedStoreStatus } from '../state/shared/open-shared-store.ts'
import type { Metrics } from './metrics.ts'

const BREAKER = { closed: 0, 'half-open': 1, open: 2 } as const

/** What /metrics shows of the store that instances share, read from what this thread knows: a scrape asks no Redis. */
export function observeShared ({ registry }: Metrics, status: () => SharedStoreStatus): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({ name, help, registers, collect () { this.set(read()) } })
  gauge('isthmus_redis_up', '1 while the shared store answers.', () => Number(status().up))
  gauge('isthmus_outbox_depth', 'Writes that the shared store has not confirmed.', () => status().outbox)
  gauge('isthmus_stream_lag_seconds', 'Age of the last change of another instance when it was read.',
    () => status().lagSeconds)
  const gaps = new Counter({
    name: 'isthmus_stream_gap_total',
    help: 'Changes of other instances that were lost before they were read, and made good by reading all.',
    registers: [],
    collect () {
      this.reset()
      this.inc(status().gaps)
    },
  })
  const breaker = new Gauge({
    name: 'isthmus_breaker_state',
    help: '0 closed, 1 half-open, 2 open.',
    labelNames: ['dep'],
    registers: [],
    collect () { this.set({ dep: 'redis' }, BREAKER[status().breaker]) },
  })
  registry.registerMetric(gaps)
  registry.registerMetric(breaker)
}
