import { colour, escape, figure, fixed, legend, MARGIN, mark, scale, sheet, tick, WIDTH } from './sheet.ts'

export interface PlotRow {
  readonly name: string
  /** Whether its name stands out. */
  readonly strong?: boolean
  readonly dots: readonly PlotDot[]
}

export interface PlotDot {
  /** Which of the series. */
  readonly series: number
  readonly value: number
  /** Half the length of the whisker. */
  readonly deviation?: number
}

const LEFT = 150
const RIGHT = WIDTH - 150
/** Between two series of a row. */
const STEP = 9

/** Rows from the top, their values as dots along one axis from zero; each series has a sign and a height of its own. */
export function dotPlot (title: string, axis: string, series: readonly string[], rows: readonly PlotRow[]): string {
  const rowHeight = 8 + STEP * series.length
  const bottom = MARGIN.top + rowHeight * rows.length
  const x = scale(rows.flatMap(({ dots }) => dots.flatMap(({ value, deviation = 0 }) => [value + deviation, value])), {
    from: LEFT, to: RIGHT, zero: true,
  })
  return sheet({ title, description: told(axis, series, rows) }, { width: WIDTH, height: bottom + MARGIN.bottom }, [
    ...x.ticks.map((value) => {
      const at = fixed(x.at(value))
      return `<path class="axis grid" d="M${at} ${MARGIN.top}V${bottom}"/>` +
        `<text x="${at}" y="${bottom + 14}" text-anchor="middle">${tick(value)}</text>`
    }),
    `<path class="axis" d="M${LEFT} ${MARGIN.top}V${bottom}H${RIGHT}"/>`,
    `<text x="${(LEFT + RIGHT) / 2}" y="${bottom + 30}" text-anchor="middle">${escape(axis)}</text>`,
    ...rows.flatMap(({ name, strong, dots }, r) => {
      const top = MARGIN.top + rowHeight * r
      const weight = strong === true ? ' font-weight="bold"' : ''
      return [
        ...r % 2 === 1 ? [`<rect class="band" x="${LEFT}" y="${top}" width="${RIGHT - LEFT}" height="${rowHeight}"/>`] : [],
        `<text x="${LEFT - 8}" y="${fixed(top + rowHeight / 2 + 4)}" text-anchor="end"${weight}>${escape(name)}</text>`,
        ...dots.map(({ series: s, value, deviation = 0 }) => {
          const y = top + 4 + STEP * (s + 0.5)
          const [from, to] = [x.at(Math.max(0, value - deviation)), x.at(value + deviation)]
          const whisker = deviation > 0 ? `<path class="line" d="M${fixed(from)} ${fixed(y)}H${fixed(to)}"/>` : ''
          return colour(s, whisker + mark(s, x.at(value), y))
        }),
      ]
    }),
    ...legend(series, RIGHT + 20),
  ])
}

/** Every row's values, by series; of many in one series, the least and the greatest. */
function told (axis: string, series: readonly string[], rows: readonly PlotRow[]): string {
  return `${axis}. ${rows.map(({ name, dots }) => `${name}: ${series.flatMap((words, s) => {
    const own = dots.filter((dot) => dot.series === s)
    const [first, ...more] = own
    if (first === undefined) return []
    if (more.length === 0) return `${words} ${figure(first.value)}${first.deviation === undefined ? '' : ` ± ${figure(first.deviation)}`}`
    const values = own.map(({ value }) => value)
    return `${own.length} of ${words} from ${figure(Math.min(...values))} to ${figure(Math.max(...values))}`
  }).join(', ') || 'nothing measured'}.`).join(' ')}`
}
