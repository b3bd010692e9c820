import { rowDot } from '../numeric/cosine.ts'

/** Vectors of length 1, row-major [n, width]. */
export interface UnitRows { readonly rows: Float32Array, readonly width: number }

/** How a generated item stands to a user's representatives. */
export interface Score {
  /** The largest cosine to a representative of the source domain, and which that is, the latest on a tie. */
  readonly source: number
  readonly anchor: number
  /** 1 for the best source score among all generated items of this user and direction; equals in their order. */
  readonly rank: number
  /** The largest cosine to a representative of the target domain. */
  readonly target: number
}

/** Scores every generated item of one user and direction (LLM-EDT Eq. 5). */
export function scoreGenerated (generated: UnitRows, source: UnitRows, target: UnitRows): Score[] {
  const { rows, width } = generated
  const found = Array.from({ length: rows.length / width }, (_, item) => {
    const best = (side: UnitRows): { at: number, cosine: number } => {
      let [at, cosine] = [0, -Infinity]
      for (let row = 0; row < side.rows.length / width; row++) {
        const one = rowDot(rows, item, side.rows, row, width)
        if (one >= cosine) [at, cosine] = [row, one]
      }
      return { at, cosine }
    }
    const { at: anchor, cosine } = best(source)
    return { anchor, source: cosine, target: best(target).cosine }
  })
  const order = [...found.keys()].sort((a, b) => found[b]!.source - found[a]!.source || a - b)
  const ranks = new Map(order.map((item, i) => [item, i + 1]))
  return found.map((score, item) => ({ ...score, rank: ranks.get(item)! }))
}

/** Whether the noise filter keeps an item (LLM-EDT Eq. 6): near the source by rank, and near the target by cosine. */
export function passes ({ rank, target }: Score, { topK, tau }: { topK: number, tau: number }): boolean {
  return rank <= topK && target >= tau
}

/** Items that a user gets on average in the paper's own data (Table 7), and the middle that `auto` aims for. */
export const WANTED_RATE = { least: 0.2, most: 0.35 } as const
const AIM = (WANTED_RATE.least + WANTED_RATE.most) / 2

/**
 * The threshold that lets so many items through as the paper's does for its embedder: 0.2 to 0.35 a user.
 * @param targets target scores of all items whose rank is good enough
 * @returns the score of the last item let through; where there are too few, that of the last there is
 */
export function calibrate (targets: readonly number[], users: number): number {
  const sorted = [...targets].sort((a, b) => b - a)
  const aim = Math.max(1, Math.round(AIM * users))
  if (sorted.length <= aim) return sorted.at(-1) ?? 1
  // Equal scores pass together: of the two counts around such a group, the one nearer to the aim.
  const tau = sorted[aim - 1]!
  const above = sorted.findIndex((score) => score === tau)
  const through = sorted.findLastIndex((score) => score === tau) + 1
  return above > 0 && aim - above < through - aim ? sorted[above - 1]! : tau
}
