import { curvePlot } from '../../plot/lines.ts'
import { ndcgPlot } from './ndcg-plot.ts'
import type { ResultsRow } from './rows.ts'

/** The pictures beside the page, by what their files' names end with. */
export const PICTURES = {
  ndcg: { suffix: '-ndcg10.svg', title: 'NDCG@10 of the full ranking' },
  curves: { suffix: '-learning-curves.svg', title: 'Validation NDCG@10 by epoch' },
} as const

/** Each system's figures as dots with deviations over seeds, and how each trained one learnt, its best epoch marked. */
export function resultsPictures (
  { rows, ours }: { readonly rows: readonly ResultsRow[], readonly ours: string }
): Array<{ readonly suffix: string, readonly svg: string }> {
  return [
    { suffix: PICTURES.ndcg.suffix, svg: ndcgPlot(PICTURES.ndcg.title, rows, ours) },
    {
      suffix: PICTURES.curves.suffix,
      svg: curvePlot(PICTURES.curves.title, { x: 'epoch', y: 'validation NDCG@10' }, rows.flatMap(({ name, training }) => {
        if (training === undefined) return []
        const points = training.curve.map(({ epoch, ndcg10 }) => ({ x: epoch, y: ndcg10 }))
        return points.length === 0 ? [] : [{ name, points, marked: [points.reduce((a, b) => b.y > a.y ? b : a)] }]
      })),
    },
  ]
}
