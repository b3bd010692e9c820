import { linePlot } from '../../plot/lines.ts'
import { ndcgPlot } from '../results/ndcg-plot.ts'
import type { ToldRow } from './study-rows.ts'
import type { Section, Study } from './study.ts'

/** Whether a section has a picture, and enough of it is finished to draw. */
export function hasPlot ({ plot }: Section, rows: readonly ToldRow[]): boolean {
  const finished = rows.filter((row) => row.finished !== undefined)
  return plot === 'line' ? finished.some(({ x }) => x !== undefined) : plot === 'dots' && finished.length > 0
}

/** The pictures of a study by the ids of their sections: NDCG@10 over all users and by domain. */
export function studyPlots ({ sections }: Study, rows: readonly ToldRow[]): Array<{ name: string, svg: string }> {
  return sections.flatMap((section) => {
    const own = rows.filter((row) => row.section === section.id && row.finished !== undefined)
    if (!hasPlot(section, own)) return []
    const { title } = section
    if (section.plot === 'dots') {
      const drawn = own.map(({ name, finished }) => ({ name, full: finished!.full }))
      return [{ name: section.id, svg: ndcgPlot(title, drawn) }]
    }
    const points = own.filter(({ x }) => x !== undefined)
    const columns = Object.keys(points[0]!.finished!.full)
    const lines = [...new Set(points.map(({ line = '' }) => line))].flatMap((line) => columns.map((column) => ({
      name: line === '' ? column : `${line}, ${column}`,
      points: points.filter((row) => (row.line ?? '') === line)
        .map(({ x, finished }) => ({ x: x!, y: finished!.full[column]!.ndcg10.mean })),
    })))
    return [{ name: section.id, svg: linePlot(title, { x: title, y: 'NDCG@10', yFromZero: false }, lines) }]
  })
}
