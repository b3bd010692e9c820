import { curvePlot } from '../../src/plot/lines.ts'
import type { IndexFigures, IndexResults, Latency, ServiceFigures } from './figures.ts'

/** The sizes that the page has a row for, whether they were run or not. */
export const SIZES: readonly number[] = [10_000, 100_000, 1_000_000]

const PICTURE_TITLE = 'Recall against latency of the graph, by ef'

/**
 * Recall against latency as a picture, two lines for each size: on the clock, which a busy machine stretches, and in
 * CPU time of all threads, which it does not. Undefined where nothing of it was measured.
 */
export function indexPicture ({ indexes }: IndexResults): string | undefined {
  const lines = indexes.filter(({ skewed }) => !skewed).flatMap(({ rows, bySearch }) => bySearch === undefined
    ? []
    : (['p50', 'cpu'] as const).map((time) => ({
        name: `${count(rows)} items, ${time === 'cpu' ? 'CPU' : 'p50'}`,
        points: bySearch.map((one) => ({ x: one[time], y: one.recall })),
      })))
  return lines.length === 0
    ? undefined
    : curvePlot(PICTURE_TITLE, { x: 'ms of a search', y: 'recall@100', yFromZero: false, xByRatio: true }, lines)
}

/**
 * The page for people: docs/performance/index.md.
 * @param picture the file of `indexPicture`, as seen from the page
 */
export function indexReport (results: IndexResults, picture?: string): string {
  const { machine, when, bundle, domain, loadAverage } = results
  const unit = results.indexes.filter(({ skewed }) => !skewed)
  const skewed = results.indexes.filter((one) => one.skewed)
  return [
    '<!-- Made by `npm run bench:index`; change the command, not this page. -->',
    '# The approximate index',
    '',
    `Measured ${when} on ${machine}, load average ${loadAverage.toFixed(1)}: where that is above the number of cores,`,
    'times on the clock (and p99 most of all) are those of a busy machine; CPU time is not. The catalogue is the domain',
    `\`${domain}\` of ${bundle}, row by row, then each row again`,
    'with noise as far from it as rows lie from their nearest neighbours, and as long as rows are. Queries are what the',
    'encoder makes of users of the bundle.',
    '',
    '## Build, files, memory',
    '',
    ...table(
      ['items', 'shards', 'build s', 'build CPU s', 'CPU ms an item', 'save s', 'file MB', 'load s', 'load adds MB'],
      rowsFor(unit, (f) => [
        String(f.shards), f.buildSeconds.toFixed(1), f.buildCpu.toFixed(1), (1000 * f.buildCpu / f.rows).toFixed(2),
        f.saveSeconds.toFixed(2), mb(f.bytes), f.loadSeconds.toFixed(2), mb(f.loadBytes),
      ])),
    '',
    '## Search',
    '',
    'One at a time: 100 candidates from the graph, scored exactly, the best 25 given. `ef` is the smallest that finds 0.99 of',
    'the best 100, of those tried. `exact` is the whole catalogue scored in ONNX Runtime.',
    '',
    ...table(
      ['items', 'queries', 'ef', 'recall@100', 'p50 ms', 'p99 ms', 'CPU ms', 'exact p50 ms', 'exact CPU ms'],
      rowsFor(unit, (f) => [
        String(f.queries), String(f.ef), recallAt(f), ...latency(f.latency), f.exactLatency.p50.toFixed(2),
        f.exactLatency.cpu.toFixed(2),
      ])),
    '',
    'Recall@100 by ef:',
    '',
    ...table(
      ['items', ...(unit[0]?.recall ?? []).map(({ ef }) => `ef ${ef}`)],
      unit.map((f) => [count(f.rows), ...f.recall.map(({ recall }) => recall.toFixed(4))])),
    '',
    ...picture === undefined ? [] : [`![${PICTURE_TITLE}](${picture})`, ''],
    '## What is posted',
    '',
    'In the engine: 4,000 rows put into the tail, each found by the next search; then searches go on while threads take the',
    'rows into the graph, one between two searches.',
    '',
    ...table(
      ['items', 'rows/s put', 'of 100 not found at once', 'merged after s', 'p50 ms while merging', 'p99 ms'],
      rowsFor(unit, (f) => [
        f.putPerSecond.toFixed(0), String(f.putMissed), f.mergeSeconds.toFixed(1), f.whileMerging.p50.toFixed(2),
        f.whileMerging.p99.toFixed(2),
      ])),
    '',
    'In the service: items with embeddings as lines over HTTP, flushed to the journal before they are acknowledged, and known',
    'to the recommendation that follows.',
    '',
    ...table(
      [
        'items', 'start s', 'start CPU s', 'memory MB', 'recommend p50 ms', 'p99 ms', 'CPU ms', 'posted', 'items/s', 'CPU ms an item',
        'of the last 100 unknown',
      ],
      rowsFor(results.services, (f) => [
        f.startSeconds.toFixed(1), f.startCpu.toFixed(1), mb(f.rssBytes), ...latency(f.recommend), count(f.posted),
        (f.posted / f.postSeconds).toFixed(0), f.postCpu.toFixed(2), String(f.unknown),
      ])),
    '',
    '## Unit length, and lengths that differ',
    '',
    'The same catalogue with every row made longer or shorter by a lognormal factor (sigma 0.5), as an inner product without',
    '`itemNorm: unit` may leave them. The factors are made up; what the norm does to ranking itself is in',
    '[results](../results.md).',
    '',
    ...table(
      ['items', 'norms', 'build CPU s', ...(unit[0]?.recall ?? []).map(({ ef }) => `ef ${ef}`)],
      [...unit, ...skewed].sort((a, b) => a.rows - b.rows).map((f) => [
        count(f.rows), f.skewed ? 'differ' : 'unit', f.buildCpu.toFixed(1), ...f.recall.map(({ recall }) => recall.toFixed(4)),
      ])),
    '',
  ].join('\n')
}

function rowsFor<F extends IndexFigures | ServiceFigures> (
  figures: readonly F[], cells: (one: F) => string[]
): string[][] {
  const sizes = [...new Set([...SIZES, ...figures.map(({ rows }) => rows)])].sort((a, b) => a - b)
  return sizes.flatMap((size) => {
    const measured = figures.filter(({ rows }) => rows === size)
    return measured.length === 0 ? [[count(size), 'not run']] : measured.map((one) => [count(size), ...cells(one)])
  })
}

function table (head: readonly string[], rows: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${head.map((_, i) => cells[i] ?? '').join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)]
}

function latency ({ p50, p99, cpu }: Latency): string[] {
  return [p50.toFixed(2), p99.toFixed(2), cpu.toFixed(2)]
}

function recallAt ({ ef, recall }: IndexFigures): string {
  return (recall.find((one) => one.ef === ef)?.recall ?? NaN).toFixed(4)
}

function mb (bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}

function count (value: number): string {
  return value.toLocaleString('en-US')
}
