import { join } from 'node:path'
import type { Dataset } from '../../data/dataset.ts'
import type { Evaluation } from '../../evaluate/evaluate.ts'
import { type Metrics, ndcgGain } from '../../evaluate/metrics.ts'
import { bootstrap, comparePaired } from '../../evaluate/significance.ts'
import { figure, pValue } from '../../evaluate/table.ts'
import { loadTf } from '../../nn/tf.ts'
import { cloudPlot } from '../../plot/clouds.ts'
import { testSet } from '../../systems/recg/sequences.ts'
import { createModel } from '../../train/model.ts'
import type { CellFolders } from '../cells/cell.ts'
import { chainFolders, shown } from '../chain.ts'
import { openEmbedded } from '../embed.ts'
import { evaluateStep, openEvaluation, openRanks } from '../evaluate.ts'
import { markdownTable } from '../markdown.ts'
import { spread } from '../results/rows.ts'
import { openRun } from '../train.ts'
import { type Geometry, geometry } from './geometry.ts'
import { rowLabel } from './study-rows.ts'
import type { StudyCame, StudyRow, ToldSection } from './study.ts'
import { TRANSFER_BASELINES, transferScorer, transferSet } from './transfer-baselines.ts'

/** One line of a table: the ranks of its evaluations, one a seed, and their metrics by way of ranking. */
interface Line {
  readonly name: string
  readonly full: readonly Readonly<Record<string, Metrics>>[]
  readonly sampled: readonly Readonly<Record<string, Metrics>>[]
  readonly evaluations: readonly Evaluation[]
}

/** Sections whose rows are told of; those on halves of the users are of other sequences, and have no pair here. */
const TOLD = ['main', 'ablations', 'strict']
const METRICS = ['hr5', 'hr10', 'hr20', 'ndcg5', 'ndcg10', 'ndcg20'] as const
const HEADS = ['Recall@5', 'Recall@10', 'Recall@20', 'NDCG@5', 'NDCG@10', 'NDCG@20']

/**
 * What llm-recg is worth in each domain beside what needs no training, with all metrics, both ways of ranking,
 * intervals and paired tests; and where items of the domains lie before and after. Rows that are not trained yet are
 * not told of.
 */
export async function tellTransfer ({ context, done }: StudyCame): Promise<ReadonlyMap<string, ToldSection>> {
  const { work, signal, progress, settings: { backend, evaluate } } = context
  const { embeddings: dir } = chainFolders(work)
  const { dataset, embeddings } = await openEmbedded(dir)
  const whole = transferSet(dataset)
  const baselines: Line[] = []
  for (const name of TRANSFER_BASELINES) {
    const out = join(work, 'transfer', name)
    await evaluateStep({
      out,
      input: { dir, digest: embeddings.manifest.digest },
      settings: { ...evaluate, modes: ['full', 'sampled-100'] },
      system: { transfer: name },
      open: async () => ({ dataset: whole, scorer: transferScorer(name, whole, embeddings), dispose () {} }),
      signal,
      ...shown(progress, `evaluate ${name}`, 'users'),
    })
    baselines.push(await lineOf(name, [out], whole))
  }
  const trained: Line[] = []
  for (const [row, cells] of done) {
    if (!TOLD.includes(row.section) || row.train.overrides['users'] === 'half') continue
    const { settings } = await openRun(cells[0]!.run)
    const evaluations = cells.map(({ evaluation }) => evaluation)
    trained.push(await lineOf(rowLabel(row, cells), evaluations, testSet(dataset, settings)))
  }
  const maps = await geometries(done, dataset, embeddings, () => loadTf(backend))
  return new Map<string, ToldSection>([
    ['worth', { parts: dataset.domains.flatMap(({ name }, k) => domainParts(name, k, baselines, trained)) }],
    ['map', {
      parts: [markdownTable([
        ['', 'alignment', 'uniformity'],
        ...maps.map(({ name, of }) => [name, of.alignment.toFixed(4), of.uniformity.toFixed(4)]),
      ])],
      picture: cloudPlot('Items by their first two principal components', maps.map(({ name, of }) =>
        ({ name, clouds: of.map.map(({ domain, points }) => ({ name: domain, points })) }))),
    }],
  ])
}

async function lineOf (name: string, dirs: readonly string[], dataset: Dataset): Promise<Line> {
  const reports = await Promise.all(dirs.map(async (dir) => (await openEvaluation(dir)).report))
  return {
    name,
    full: reports.map(({ full }) => full.domains),
    sampled: reports.flatMap(({ sampled100 }) => sampled100 === undefined ? [] : [sampled100.domains]),
    evaluations: await Promise.all(dirs.map((dir) => openRanks(dir, dataset))),
  }
}

function domainParts (domain: string, k: number, baselines: readonly Line[], trained: readonly Line[]): string[] {
  const own = (evaluation: Evaluation): Evaluation => {
    const rows = [...evaluation.ranks.keys()].filter((row) => evaluation.domains[row] === k)
    const pick = (all: Int32Array): Int32Array => Int32Array.from(rows, (row) => all[row]!)
    const { ranks, users, domains } = evaluation
    return { ...evaluation, ranks: pick(ranks), users: pick(users), domains: pick(domains) }
  }
  const [, similarity] = baselines
  const against = similarity!.evaluations.map(own)
  const rows = [...baselines, ...trained]
  const told = (metrics: readonly Readonly<Record<string, Metrics>>[]): string[] => METRICS.map((metric) => {
    if (metrics.length === 0) return ''
    const { mean, deviation } = spread(metrics.map((of) => of[domain]![metric]))
    return deviation === undefined ? figure(mean) : `${figure(mean)} ± ${figure(deviation)}`
  })
  const trust = (line: Line): string[] => {
    const mine = line.evaluations.map(own)
    if (mine[0]!.users.length < 2) return ['', '']
    const gains = Float64Array.from(mine[0]!.ranks, (_, row) =>
      mine.reduce((sum, { ranks }) => sum + ndcgGain(ranks[row]!, 10), 0) / mine.length)
    const [low, high] = bootstrap(gains, 42)
    const p = line === similarity ? undefined : comparePaired(mine, against).p
    return [`${figure(low)} to ${figure(high)}`, p === undefined ? '' : pValue(p)]
  }
  const best = (lines: readonly Line[]): string => {
    const worth = (line: Line): number => spread(line.full.map((of) => of[domain]!.ndcg10)).mean
    const [first] = [...lines].sort((a, b) => worth(b) - worth(a))
    return first === undefined ? 'nothing' : `${first.name} (${figure(worth(first))})`
  }
  const elsewhere = trained.filter(({ name }) => !name.startsWith(`${domain}: `))
  return [
    `### ${domain}`,
    `NDCG@10 of the best that was learnt elsewhere: ${best(elsewhere)}; of the best that learns nothing: ` +
    `${best(baselines.slice(0, 2))}; of the best that counts events of ${domain}: ${best(baselines.slice(2))}.`,
    'Against the whole domain:',
    markdownTable([
      ['', ...HEADS, '95 % of NDCG@10', 'p'],
      ...rows.map((line) => [line.name, ...told(line.full), ...trust(line)]),
    ]),
    'Against 100 sampled items, as the paper has it:',
    markdownTable([['', ...HEADS], ...rows.map((line) => [line.name, ...told(line.sampled)])]),
  ]
}

/** The texts as they are, and the items of the first seed of each source's SASRec rows. */
async function geometries (
  finished: ReadonlyMap<StudyRow, readonly CellFolders[]>, { domains }: Dataset,
  { rows, width }: { readonly rows: Float32Array, readonly width: number }, openTf: () => ReturnType<typeof loadTf>
): Promise<Array<{ readonly name: string, readonly of: Geometry }>> {
  const found = [{ name: 'texts, before', of: geometry(rows, width, domains) }]
  const mapped = [...finished].filter(([{ section, name }]) => section === 'main' && name.includes(': sasrec'))
  if (mapped.length === 0) return found
  const { tf, close } = await openTf()
  try {
    for (const [{ name }, [cell]] of mapped) {
      const run = await openRun(cell!.run)
      const model = createModel(tf, run)
      const of = geometry(model.itemVectors(), model.vectorWidth, domains)
      model.dispose()
      found.push({ name, of })
    }
  } finally {
    close()
  }
  return found
}
