import { describe, expect, it } from 'vitest'
import { peersReport, type PeerRow, verdicts } from '../../../bench/peers/report.ts'

const row = (name: string, connections: number, perSecond: number, microsOfCpu: number, p99 = 20): PeerRow =>
  ({ name, connections, perSecond, microsOfCpu, p50: 10, p90: 15, p99, bad: 0 })

const rows = (service: number, p99: number): PeerRow[] => [
  row('service', 1, 100, 1400),
  row('raw engine', 64, 1000, 500), row('bare Fastify', 64, 5000, 100), row('service', 64, service, 800, p99),
  row('FastAPI, exact', 64, 400, 2400), row('FastAPI, HNSW', 64, 500, 1600),
]

describe('the report of peers', () => {
  it('says which targets are met', () => {
    expect(verdicts(rows(810, 29))).toEqual([
      'yes: at 64 connections the service keeps 0.81 of min(raw engine, bare Fastify), 0.8 wanted',
      'yes: p99 at 64 connections is 2.9 times p50, 3 wanted',
      'yes: one request alone takes 1.40 ms of CPU, 1.5 wanted',
      'yes: 3.00 times the requests per CPU-second of FastAPI, exact, 2.5 wanted',
      '**no**: 2.00 times the requests per CPU-second of FastAPI, HNSW, 2.5 wanted',
    ])
    expect(verdicts(rows(790, 31)).slice(0, 2).every((line) => line.startsWith('**no**'))).toBe(true)
  })

  it('has a row for each target, and how far the answers are the same', () => {
    const report = peersReport(rows(810, 29), { 'FastAPI, exact': 1, 'FastAPI, HNSW': 0.987 })
    expect(report).toContain('| 64 | service | 810 | 10.0 | 29.0 | 800 | 1250 | 0 |')
    expect(report).toContain('FastAPI, exact 100.0 %, FastAPI, HNSW 98.7 %')
  })
})
