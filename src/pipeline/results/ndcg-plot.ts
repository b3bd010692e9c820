import { dotPlot } from '../../plot/dots.ts'
import type { Figures } from './rows.ts'

interface Row {
  readonly name: string
  readonly full: Readonly<Record<string, Figures>>
}

/** NDCG@10 of each row over all users and by domain, with deviations over seeds; one row's name may stand out. */
export function ndcgPlot (title: string, rows: readonly Row[], strong?: string): string {
  const columns = [...new Set(rows.flatMap(({ full }) => Object.keys(full)))]
  return dotPlot(title, 'NDCG@10', columns, rows.map(({ name, full }) => ({
    name,
    strong: name === strong,
    dots: columns.flatMap((column, series) => {
      if (full[column] === undefined) return []
      const { mean, deviation } = full[column].ndcg10
      return [{ series, value: mean, ...(deviation !== undefined && { deviation }) }]
    }),
  })))
}
