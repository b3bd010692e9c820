import { curvePlot } from '../../src/plot/lines.ts'
import type { Picture } from '../page.ts'
import type { Summary } from '../statistics.ts'

/** One number of connections: the service between the two things it is made of. */
export interface ServeRow {
  readonly connections: number
  readonly engine: Summary
  readonly bare: Summary
  readonly service: Summary
}

/** What the service is to keep of the lower of the two. */
export const LEAST_KEPT = 0.6

/** The service's throughput as a share of the lower of the raw engine's and bare Fastify's. */
export function kept ({ engine, bare, service }: ServeRow): number {
  return service.perSecond / Math.min(engine.perSecond, bare.perSecond)
}

/** The table for people, and at its end whether the service keeps enough at every number of connections. */
export function serveReport (rows: readonly ServeRow[]): string {
  const lines = ['connections  target         req/s     p50 ms   p90 ms   p99 ms   not good']
  for (const row of rows) {
    const { connections, engine, bare, service } = row
    const of = (name: string, { perSecond, p50, p90, p99, bad }: Summary): string => [
      String(connections).padStart(11), name.padEnd(12), perSecond.toFixed(0).padStart(6), '  ',
      ...[p50, p90, p99].map((ms) => ms.toFixed(2).padStart(7)), '  ', String(bad).padStart(6),
    ].join('  ').trimEnd()
    lines.push(
      of('raw engine', engine), of('bare Fastify', bare), of('service', service),
      `${' '.repeat(13)}service / raw engine ${share(service.perSecond / engine.perSecond)}, ` +
      `service / bare Fastify ${share(service.perSecond / bare.perSecond)}: keeps ${share(kept(row))} of the lower`
    )
  }
  const least = Math.min(...rows.map(kept))
  return [...lines, '', least >= LEAST_KEPT
    ? `The service keeps at least ${share(LEAST_KEPT)} of the lower of the two: yes (${share(least)} at the least).`
    : `The service keeps at least ${share(LEAST_KEPT)} of the lower of the two: no (${share(least)} at the least).`
  ].join('\n')
}

/** Throughput against latency as a picture: a point for each number of connections. */
export function servePicture (rows: readonly ServeRow[]): Picture {
  const title = `Throughput against latency at ${rows.map(({ connections }) => connections).join(', ')} connections`
  const line = (name: string, of: 'engine' | 'bare' | 'service') => ({
    name, points: rows.map((row) => ({ x: row[of].perSecond, y: row[of].p99 })),
  })
  const lines = [line('service', 'service'), line('engine without HTTP', 'engine'), line('Fastify without an engine', 'bare')]
  return { name: 'serve', title, svg: curvePlot(title, { x: 'answers a second', y: 'p99, ms' }, lines) }
}

function share (ratio: number): string {
  return `${Math.floor(ratio * 100)} %`
}
