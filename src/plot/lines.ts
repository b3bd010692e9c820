import {
  colour, escape, figure, fixed, HEIGHT, legend, legendEnd, MARGIN, mark, ratioScale, scale, type Scale, sheet, tick,
  WIDTH,
} from './sheet.ts'

export interface PlotPoint { readonly x: number, readonly y: number }

export interface PlotLine {
  readonly name: string
  readonly points: readonly PlotPoint[]
  /** Those that bear the line's sign; all of them unless given. */
  readonly marked?: readonly PlotPoint[]
}

export interface PlotAxes {
  readonly x: string
  readonly y: string
  /** Whether the axis up begins at zero, which makes lengths comparable; else near the least value. Default true. */
  readonly yFromZero?: boolean
  /** Whether equal ratios of x stand at equal distances: where the values, above zero all of them, are far apart. */
  readonly xByRatio?: boolean
}

const RIGHT = WIDTH - MARGIN.right

/** Lines over a few values of x, which stand at equal distances: a grid is rarely even. */
export function linePlot (title: string, axes: PlotAxes, given: readonly PlotLine[]): string {
  const lines = given.map(({ points, ...line }) => ({ ...line, points: [...points].sort((a, b) => a.x - b.x) }))
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  return drawn(title, axes, lines, {
    ticks: xs, at: (value) => MARGIN.left + (RIGHT - MARGIN.left) * (xs.indexOf(value) + 0.5) / xs.length,
  })
}

/**
 * Lines over x as it is measured, the points of a line joined in the order in which they come: as one thing grows
 * another may turn back. What is no number, as the p99 of no answer, has no point.
 */
export function curvePlot (title: string, axes: PlotAxes, given: readonly PlotLine[]): string {
  const lines = given.map(({ points, ...line }) =>
    ({ ...line, points: points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)) }))
  const xs = lines.flatMap(({ points }) => points.map(({ x }) => x))
  const places = { from: MARGIN.left, to: RIGHT }
  const x = axes.xByRatio === true ? ratioScale(xs, places) : scale(xs, { ...places, zero: true })
  return drawn(title, axes, lines, x)
}

function drawn (title: string, axes: PlotAxes, lines: readonly PlotLine[], x: Scale): string {
  const height = Math.max(HEIGHT, legendEnd(lines.length) + MARGIN.bottom)
  const bottom = height - MARGIN.bottom
  const y = scale(lines.flatMap(({ points }) => points.map((point) => point.y)), {
    from: bottom, to: MARGIN.top, zero: axes.yFromZero ?? true,
  })
  return sheet({ title, description: told(axes, lines) }, { width: WIDTH, height }, [
    ...y.ticks.map((value) => {
      const at = fixed(y.at(value))
      return `<path class="axis grid" d="M${MARGIN.left} ${at}H${RIGHT}"/>` +
        `<text x="${MARGIN.left - 6}" y="${fixed(y.at(value) + 4)}" text-anchor="end">${tick(value)}</text>`
    }),
    ...x.ticks.map((value) =>
      `<text x="${fixed(x.at(value))}" y="${bottom + 14}" text-anchor="middle">${tick(value)}</text>`),
    `<path class="axis" d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${RIGHT}"/>`,
    `<text x="${(MARGIN.left + RIGHT) / 2}" y="${bottom + 30}" text-anchor="middle">${escape(axes.x)}</text>`,
    `<text x="${MARGIN.left}" y="${MARGIN.top - 4}">${escape(axes.y)}</text>`,
    ...lines.map(({ points, marked = points }, n) => {
      const path = points.map((point) => `${fixed(x.at(point.x))},${fixed(y.at(point.y))}`).join(' ')
      return colour(n, `<polyline class="line" points="${path}"/>` +
        marked.map((point) => mark(n, x.at(point.x), y.at(point.y))).join(''))
    }),
    ...legend(lines.map(({ name }) => name), RIGHT + 16),
  ])
}

/** Each line's ends and its highest point. */
function told (axes: PlotAxes, lines: readonly PlotLine[]): string {
  return `${axes.y} by ${axes.x}. ${lines.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)]
    if (first === undefined || last === undefined) return `${name}: nothing measured.`
    const best = points.reduce((a, b) => b.y > a.y ? b : a)
    const point = ({ x, y }: PlotPoint): string => `${figure(y)} at ${figure(x)}`
    return `${name}: from ${point(first)} to ${point(last)}, highest ${point(best)}.`
  }).join(' ')}`
}
