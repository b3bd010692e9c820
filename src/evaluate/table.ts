import type { Metrics, MetricsByDomain } from './metrics.ts'
import type { Report } from './report.ts'

const COLUMNS: ReadonlyArray<readonly [string, keyof Metrics]> = [
  ['HR@5', 'hr5'], ['HR@10', 'hr10'], ['HR@20', 'hr20'],
  ['NDCG@5', 'ndcg5'], ['NDCG@10', 'ndcg10'], ['NDCG@20', 'ndcg20'], ['MRR', 'mrr'],
]

/** A report as lines for a terminal: a row for all users and one for each target domain, a block for each ranking. */
export function reportTable (report: Report): string {
  const [low, high] = report.full.ndcg10Interval
  const blocks: Array<readonly [string, MetricsByDomain | undefined]> = [
    [`full ranking (NDCG@10 over all: 95 % within ${figure(low)} to ${figure(high)})`, report.full],
    ['against 100 sampled candidates', report.sampled100],
    ['as published, with mismatched negatives: not a result of ours', report.official],
  ]
  return [`${report.system}, ${report.split} split`, ...blocks.flatMap(([title, rows]) =>
    rows === undefined ? [] : ['', title, ...lines(rows)])].join('\n')
}

/** Four decimals, as papers print them. */
export function figure (value: number): string {
  return value.toFixed(4)
}

/** A difference of such figures, always with its sign. */
export function signed (value: number): string {
  return `${value < 0 ? '' : '+'}${figure(value)}`
}

/** The p of a test, as tables show it. */
export function pValue (p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

function lines ({ all, domains }: MetricsByDomain): string[] {
  const rows: ReadonlyArray<readonly [string, Metrics]> = [['all', all], ...Object.entries(domains)]
  return aligned([
    ['', 'users', ...COLUMNS.map(([title]) => title)],
    ...rows.map(([name, metrics]) =>
      [name, String(metrics.users), ...COLUMNS.map(([, field]) => figure(metrics[field]))]),
  ])
}

/** Names to the left, figures to the right. */
function aligned (rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)).join('  '))
}
