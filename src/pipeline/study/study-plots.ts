import { linePlot, barPlot } from './plot.ts'
import type { ToldRow } from './study-rows.ts'
import type { Section, Study } from './study.ts'

/** Whether a section has a picture, and enough of it is finished to draw. */
export function hasPlot ({ plot }: Section, rows: readonly ToldRow[]): boolean {
  const finished = rows.filter((row) => row.finished !== undefined)
  return plot === 'line' ? finished.some(({ x }) => x !== undefined) : plot === 'bars' && finished.length > 0
}

/** The pictures of a study by the ids of their sections: NDCG@10 over all users and by domain. */
export function studyPlots ({ sections }: Study, rows: readonly ToldRow[]): Array<{ name: string, svg: string }> {
  return sections.flatMap((section) => {
    const own = rows.filter((row) => row.section === section.id && row.finished !== undefined)
    if (!hasPlot(section, own)) return []
    const title = `${section.title}: NDCG@10`
    if (section.plot === 'bars') {
      return [{ name: section.id, svg: barPlot(title, own.map(({ name, finished }) => ({ name, ...of(finished) }))) }]
    }
    const points = own.filter(({ x }) => x !== undefined)
    const columns = Object.keys(points[0]!.finished!.full)
    const lines = [...new Set(points.map(({ line = '' }) => line))].flatMap((line) => columns.map((column) => ({
      name: line === '' ? column : `${line}, ${column}`,
      points: points.filter((row) => (row.line ?? '') === line)
        .map(({ x, finished }) => ({ x: x!, y: finished!.full[column]!.ndcg10.mean })),
    })))
    return [{ name: section.id, svg: linePlot(title, lines) }]
  })
}

function of (finished: ToldRow['finished']): { value: number, deviation: number } {
  const { mean, deviation = 0 } = finished!.full['all']!.ndcg10
  return { value: mean, deviation }
}
