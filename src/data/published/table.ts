import type { StepManifest } from '../../files/step.ts'
import type { Statistics } from '../statistics.ts'
import type { PublishedSet } from './sets.ts'

/** What `prepare` writes into its manifest that the table is made of. */
interface Prepared {
  readonly users: number
  readonly statistics: Statistics
  readonly notTaken: Readonly<Record<string, number>>
}

/** What came out of a published set beside what its paper says, as Markdown for people. */
export function sizesTable (set: PublishedSet, manifest: StepManifest): string {
  // Written by prepare, whose manifest this is.
  const { statistics, notTaken } = manifest as unknown as Prepared
  const { figures } = set
  const rows = Object.entries(statistics.domains).flatMap(([name, ours]) => {
    const theirs = figures.domains[name]
    return [
      row(`${name}: users`, ours.users, theirs?.users),
      row(`${name}: items`, ours.items, theirs?.items),
      row(`${name}: events a user`, ours.events / ours.users, theirs?.meanLength, 2),
      row(`${name}: sparsity, %`, 100 * (1 - ours.events / (ours.users * ours.items)), theirs?.sparsity, 2),
    ]
  })
  return [
    `${set.name}, beside ${figures.from}:`,
    '',
    '| | ours | published |',
    '|---|---|---|',
    ...rows,
    row('users in several domains', statistics.overlapUsers, figures.overlapUsers),
    row('events a user, all domains', statistics.meanLength, figures.meanLength, 2),
    '',
    `Left out: ${Object.entries(notTaken).map(([why, events]) => `${events} events ${WHY[why] ?? why}`).join(', ')}.`,
    ...set.notes.map((note) => `Note: ${note}.`),
    '',
  ].join('\n')
}

const WHY: Readonly<Record<string, string>> = {
  outsideWindow: 'outside the time window',
  ratedTooLow: 'rated too low',
  inAnotherDomain: 'of items of another domain',
  withoutText: 'of items without text',
}

/** HR@10 and NDCG@10 that the paper of a set gives, as Markdown, with how they were measured. */
export function resultsTable ({ figures: { from, protocol, results, domains } }: PublishedSet): string {
  const names = Object.keys(domains)
  return [
    `Published in ${from} (${protocol}), HR@10 / NDCG@10:`,
    '',
    `| system | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...Object.entries(results).map(([system, values]) => `| ${system} | ${names.map((name) =>
      values[name]?.map((value) => value.toFixed(4)).join(' / ') ?? '').join(' | ')} |`),
    '',
  ].join('\n')
}

function row (what: string, ours: number, theirs: number | undefined, digits = 0): string {
  return `| ${what} | ${shown(ours, digits)} | ${theirs === undefined ? '' : shown(theirs, digits)} |`
}

function shown (value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
