import type { Summary } from '../statistics.ts'

export interface PeerRow extends Summary {
  readonly connections: number
  readonly name: string
  /** CPU time of the target's process for one answer. */
  readonly microsOfCpu: number
}

const SERVICE = 'service'

/** The targets of DESIGN.md that these rows decide, each with whether it is met. */
export function verdicts (rows: readonly PeerRow[]): string[] {
  const at = (name: string, connections: number): PeerRow | undefined =>
    rows.find((row) => row.name === name && row.connections === connections)
  const most = Math.max(...rows.map(({ connections }) => connections))
  const [one, service] = [at(SERVICE, 1), at(SERVICE, most)!]
  const lower = Math.min(at('raw engine', most)!.perSecond, at('bare Fastify', most)!.perSecond)
  const say = (met: boolean, what: string): string => `${met ? 'yes' : '**no**'}: ${what}`
  const kept = service.perSecond / lower
  return [
    say(kept >= 0.8, `at ${most} connections the service keeps ${kept.toFixed(2)} of min(raw engine, bare Fastify), 0.8 wanted`),
    say(service.p99 <= 3 * service.p50, `p99 at ${most} connections is ${(service.p99 / service.p50).toFixed(1)} times p50, 3 wanted`),
    ...one === undefined
      ? []
      : [say(one.microsOfCpu <= 1500, `one request alone takes ${(one.microsOfCpu / 1000).toFixed(2)} ms of CPU, 1.5 wanted`)],
    ...rows.filter(({ name, connections }) => connections === most && name.startsWith('FastAPI')).map((peer) => {
      const times = peer.microsOfCpu / service.microsOfCpu
      return say(times >= 2.5, `${times.toFixed(2)} times the requests per CPU-second of ${peer.name}, 2.5 wanted`)
    }),
  ]
}

export function peersReport (rows: readonly PeerRow[], same: Readonly<Record<string, number>>): string {
  const cell = (value: number, digits: number): string => value.toFixed(digits)
  return `| connections | target | req/s | p50 ms | p99 ms | CPU µs a request | requests a CPU-second | not good |
|---|---|---|---|---|---|---|---|
${rows.map(({ connections, name, perSecond, p50, p99, microsOfCpu, bad }) =>
    `| ${connections} | ${name} | ${cell(perSecond, 0)} | ${cell(p50, 1)} | ${cell(p99, 1)} | ${cell(microsOfCpu, 0)} | ` +
    `${cell(1e6 / microsOfCpu, 0)} | ${bad} |`).join('\n')}

Of the service's ten items for a session the peers answer the same: ${
    Object.entries(same).map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`).join(', ')}.

${verdicts(rows).map((line) => `- ${line}`).join('\n')}`
}
