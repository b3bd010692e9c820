import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { jsonText, writeFileAtomic } from '../../files/write.ts'
import { epochsOf, withSettings } from '../cells/contestants.ts'
import type { Contestant } from '../cells/contestants.ts'
import type { Cell, CellFolders } from '../cells/cell.ts'
import { runCells } from '../cells/run-cells.ts'
import type { RanCells } from '../cells/run-cells.ts'
import { chain, chainFolders } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { readEmbedManifest } from '../embed.ts'
import { runSteps } from '../steps.ts'
import { openRunManifest } from '../train.ts'
import { drawConfiguration } from './space.ts'
import { readTuning } from './tuning-file.ts'
import type { Configuration, Outcome, Tuned, Tuning } from './tuning-file.ts'
import { renderTuning } from './tuning-page.ts'
import { tuningPlot } from './tuning-plot.ts'

export interface TuneOptions {
  readonly context: ChainContext
  readonly contestants: readonly Contestant[]
  /** Of each contestant; a file that has more of one keeps them. */
  readonly configurations: number
  /** Of the draws, and of every training. */
  readonly seed: number
  /** Further settings of every training, which are not searched. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** At most so many, in place of the preset's. */
  readonly epochs?: number
  readonly jobs: number
  readonly deadline?: AbortSignal
  /** Where to write what was tried and chosen, as JSON for `results`; a page with a picture goes beside it. */
  readonly file: string
  /** As typed in a shell. */
  readonly command: string
}

/** Epochs of each phase in the first round: enough to tell a hopeless configuration. */
export const FIRST_ROUND = 6
/** One in so many goes on to the second round. */
export const KEPT = 5

/**
 * Random search in two rounds (successive halving, Jamieson and Talwalkar 2016): all configurations train for a few
 * epochs, the best fifth until validation stops rising, and the best of those is chosen; the test split stays shut.
 * Everything is written down, also what is still missing when time is over; the same call goes on from there.
 * Gives how many trainings are left.
 */
export async function tune (options: TuneOptions): Promise<{ tuning: Tuning, left: number }> {
  const { context, contestants, configurations, seed, epochs, file, command } = options
  await runSteps(chain(context, 'embed'), context)
  const { embeddings } = chainFolders(context.work)
  const { digest } = (await readEmbedManifest(embeddings)).manifest
  const before = existsSync(file) ? await readTuning(file, digest) : undefined

  const trials = contestants.map((contestant): Trials => {
    const known = before?.contestants[contestant.name]?.configurations.length ?? 0
    return {
      contestant,
      drawn: Array.from({ length: Math.max(configurations, known) }, (_, number) =>
        ({ number, settings: drawConfiguration(contestant, number, seed) })),
    }
  })
  const first = await round(trials, Math.min(FIRST_ROUND, epochs ?? FIRST_ROUND), embeddings, options)
  const kept = first.left > 0 ? [] : trials.map((each) => best(each, first))
  const full = await round(kept, epochs, embeddings, options)

  const tuning: Tuning = {
    format: 1,
    data: basename(context.data[0]!),
    embeddings: digest,
    seed,
    backend: context.settings.backend,
    contestants: {
      ...before?.contestants,
      ...Object.fromEntries(trials.map((each) => [each.contestant.name, tuned(each, first, full)])),
    },
  }
  await writeFileAtomic(file, jsonText(tuning))
  const beside = (ending: string): string => `${file.replace(/\.json$/, '')}${ending}`
  await writeFileAtomic(beside('.svg'), tuningPlot(tuning))
  await writeFileAtomic(beside('.md'), renderTuning(tuning, command, basename(beside('.svg'))))
  return { tuning, left: first.left + full.left }
}

interface Trials {
  readonly contestant: Contestant
  readonly drawn: readonly Drawn[]
}

type Drawn = Pick<Configuration, 'number' | 'settings'>

/** What a round came to, by contestant and number of the configuration. */
interface Round {
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly failed: ReadonlyMap<string, string>
  readonly left: number
}

const key = (contestant: Contestant, { number }: Drawn): string => `${contestant.name}/${number}`

async function round (
  trials: readonly Trials[], epochs: number | undefined, embeddings: string, options: TuneOptions
): Promise<Round> {
  const { context: { work, settings: { backend }, signal, say, progress }, seed, overrides, jobs, deadline } = options
  const cells = new Map(interleaved(trials).map(([contestant, drawn]): [string, Cell] => [key(contestant, drawn), {
    label: key(contestant, drawn),
    embeddings,
    train: withSettings(contestant, {
      ...drawn.settings, ...overrides, ...(epochs !== undefined && epochsOf(contestant, epochs)), seed,
    }),
  }]))
  const ran = await runCells([...cells.values()], {
    work, backend, jobs, signal, ...(deadline && { deadline }), say, progress,
  })
  const outcomes = new Map<string, Outcome>()
  for (const [name, cell] of cells) {
    const folders = ran.done.get(cell)
    if (folders !== undefined) outcomes.set(name, await outcomeOf(folders))
  }
  return { outcomes, failed: failures(cells, ran), left: ran.left.length }
}

function failures (cells: ReadonlyMap<string, Cell>, { failed }: RanCells): Map<string, string> {
  return new Map([...cells].flatMap(([name, cell]) => failed.has(cell) ? [[name, failed.get(cell)!.code]] : []))
}

/** One configuration of each contestant after the other, so that time that runs out is fair to all. */
function interleaved (trials: readonly Trials[]): Array<readonly [Contestant, Drawn]> {
  const most = Math.max(0, ...trials.map(({ drawn }) => drawn.length))
  return Array.from({ length: most }, (_, i) => trials.flatMap(({ contestant, drawn }) =>
    drawn[i] === undefined ? [] : [[contestant, drawn[i]] as const])).flat()
}

async function outcomeOf ({ run }: CellFolders): Promise<Outcome> {
  // `train` writes these into its manifest.
  const { epochs, best } = await openRunManifest(run) as unknown as {
    epochs: number, best: { epoch: number, validation: Record<string, number> },
  }
  return { epochs, bestEpoch: best.epoch, validationNdcg10: best.validation['ndcg10']! }
}

/** The best fifth of a round, and the preset itself whatever it came to: what is chosen is never worse than that. */
function best ({ contestant, drawn }: Trials, { outcomes }: Round): Trials {
  const score = (each: Drawn): number => outcomes.get(key(contestant, each))?.validationNdcg10 ?? -Infinity
  const ranked = drawn.filter((each) => outcomes.has(key(contestant, each))).sort((a, b) => score(b) - score(a))
  const kept = new Set(ranked.slice(0, Math.ceil(drawn.length / KEPT)))
  return { contestant, drawn: drawn.filter((each) => each.number === 0 || kept.has(each)) }
}

function tuned ({ contestant, drawn }: Trials, first: Round, full: Round): Tuned {
  const configurations = drawn.map((each): Configuration => {
    const name = key(contestant, each)
    const [early, late] = [first.outcomes.get(name), full.outcomes.get(name)]
    const failed = first.failed.get(name) ?? full.failed.get(name)
    return {
      ...each, ...(early && { first: early }), ...(late && { full: late }), ...(failed !== undefined && { failed }),
    }
  })
  const finished = configurations.filter(({ full }) => full !== undefined)
  if (finished.length === 0) return { configurations }
  const { number } = finished.reduce((a, b) => b.full!.validationNdcg10 > a.full!.validationNdcg10 ? b : a)
  return { chosen: number, configurations }
}
