import type { VarySettings } from '../../data/vary.ts'
import type { CountingBaseline } from '../../systems/baselines/counting.ts'
import type { CellFolders } from '../cells/cell.ts'
import type { ChainContext } from '../chain.ts'
import type { RowMethod } from '../export/item-maps.ts'
import type { TrainSettings } from '../train-settings.ts'

/** A paper's questions asked of our data: what is trained on what, and how it is told. Plain data. */
export interface Study {
  /** Of its page and of its folder of pictures. */
  readonly name: string
  readonly title: string
  /** What a reader should know before any figure. */
  readonly intro: readonly string[]
  readonly sections: readonly Section[]
  readonly rows: readonly StudyRow[]
  /** Told first of all in the section `main`. */
  readonly baselines?: readonly CountingBaseline[]
}

export interface Section {
  readonly id: string
  readonly title: string
  readonly text: string
  /**
   * metrics: HR@10 and NDCG@10. cold: of targets among items held out. groups and cost: of `main`'s rows. told: what
   * the study's teller says.
   */
  readonly kind: 'metrics' | 'cold' | 'groups' | 'cost' | 'told'
  /** line: rows with an `x`, one line for each `line`. dots: a row of them for each row. */
  readonly plot?: 'line' | 'dots'
  /** The paper's own figures, on its own data and by its own evaluation. */
  readonly paper?: readonly PaperTable[]
}

export interface PaperTable {
  readonly title: string
  /** The first row is the head. */
  readonly rows: ReadonlyArray<readonly string[]>
}

/** What a row is trained on. Equal inputs are made once. */
export interface StudyInput {
  /** Of the folder that holds it; empty for the data as it is. */
  readonly name: string
  readonly vary: Omit<VarySettings, 'seed'>
  /** Synthetic events in the histories; absent: none. */
  readonly augment?: StudyAugmentation
  /**
   * Users' profiles: from notes on clusters of items, from the whole history at once, from notes on each domain's
   * clusters weighed by how much of a user lies in it, or none.
   */
  readonly profiles?: 'clusters' | 'whole' | 'aware'
}

/** How synthetic events are made: settings of `augment` that differ from its own, and a name for what comes of it. */
export interface StudyAugmentation {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

export interface StudyRow {
  /** The id of its section. */
  readonly section: string
  readonly name: string
  readonly input: StudyInput
  readonly train: TrainSettings
  readonly seeds: readonly number[]
  /** In a section of kind cold: how items held out get their halves; none for a system that knows ids alone. */
  readonly cold?: readonly RowMethod[]
  /** Where it stands in a plot of lines, and on which line. */
  readonly x?: number
  readonly line?: string
  /** The page looks at the weights of its first seed, which has to be trained here. */
  readonly opened?: boolean
}

/** What came of a study, for whoever tells more of it than tables. */
export interface StudyCame {
  readonly study: Study
  readonly context: ChainContext
  /** Rows of which a cell is done, with the folders of those that are, one a seed. */
  readonly done: ReadonlyMap<StudyRow, readonly CellFolders[]>
  /** Evaluations of the counting baselines, by name. */
  readonly counted: ReadonlyMap<string, string>
  /** The folder of the content cache and of what was paid. */
  readonly cache: string
}

/** Parts of the page by the id of a section of kind `told`, and its picture where it has one. */
export type Teller = (came: StudyCame) => Promise<ReadonlyMap<string, ToldSection>>

export interface ToldSection {
  readonly parts: readonly string[]
  /** SVG. */
  readonly picture?: string
}

/** The data as it is. */
export const WHOLE: StudyInput = { name: '', vary: {} }
