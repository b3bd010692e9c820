import { colour, escape, fixed, HEIGHT, legend, MARGIN, sheet } from './sheet.ts'

export interface PlotCloud {
  readonly name: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

export interface PlotPanel {
  readonly name: string
  readonly clouds: readonly PlotCloud[]
}

/** Clouds of points in panels side by side; a panel's scales are its own, and axes say nothing but nearness. */
export function cloudPlot (title: string, panels: readonly PlotPanel[], side = HEIGHT - 2 * MARGIN.top): string {
  const gap = MARGIN.top
  const width = MARGIN.left + panels.length * (side + gap) + MARGIN.right
  const drawn = panels.flatMap(({ name, clouds }, p) => {
    const left = MARGIN.left + p * (side + gap)
    const all = clouds.flatMap(({ points }) => points)
    const along = (axis: 0 | 1, from: number, to: number): (point: readonly [number, number]) => string => {
      const values = all.map((point) => point[axis])
      const [least, most] = [Math.min(...values), Math.max(...values)]
      return (point) => fixed(from + (to - from) * (most > least ? (point[axis] - least) / (most - least) : 0.5))
    }
    const [x, y] = [along(0, left + 6, left + side - 6), along(1, MARGIN.top + side - 6, MARGIN.top + 6)]
    return [
      `<rect class="axis" x="${left}" y="${MARGIN.top}" width="${side}" height="${side}"/>`,
      `<text x="${left}" y="${MARGIN.top + side + 16}">${escape(name)}</text>`,
      // A line of no length with round ends is a dot: one path holds a whole cloud.
      ...clouds.map(({ points }, n) =>
        colour(n, `<path class="cloud" d="${points.map((point) => `M${x(point)} ${y(point)}h0`).join('')}"/>`)),
    ]
  })
  const names = [...new Set(panels.flatMap(({ clouds }) => clouds.map(({ name }) => name)))]
  return sheet({ title, description: told(panels) }, { width, height: side + 2 * MARGIN.top }, [
    ...drawn, ...legend(names, width - MARGIN.right + 8),
  ])
}

function told (panels: readonly PlotPanel[]): string {
  return panels.map(({ name, clouds }) => `${name}: ${clouds.map((cloud) => `${cloud.points.length} points of ${cloud.name}`)
    .join(', ')}.`).join(' ')
}
