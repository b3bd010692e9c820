const WIDTH = 720
const HEIGHT = 320
const MARGIN = { left: 64, right: 210, top: 36, bottom: 40 }
const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#8250df', '#bc4c00', '#57606a', '#0e7490', '#a40e26', '#6639ba']

export interface PlotLine {
  readonly name: string
  readonly points: ReadonlyArray<{ readonly x: number, readonly y: number }>
}

/** Lines over a few values of x, which stand at equal distances: a grid is rarely even. */
export function linePlot (title: string, lines: readonly PlotLine[]): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const right = WIDTH - MARGIN.right
  const x = (value: number): number =>
    MARGIN.left + (right - MARGIN.left) * (xs.indexOf(value) + 0.5) / xs.length
  const y = scaleOf(lines.flatMap(({ points }) => points.map((point) => point.y)))
  const drawn = lines.map(({ name, points }, n) => {
    const colour = COLOURS[n % COLOURS.length]!
    const places = [...points].sort((a, b) => a.x - b.x).map((point) => [fixed(x(point.x)), fixed(y.at(point.y))])
    const path = places.map((place) => place.join(',')).join(' ')
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path}"/>` +
      places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`).join('') +
      `<text x="${right + 12}" y="${MARGIN.top + 14 * n + 4}" fill="${colour}">${escape(name)}</text>`
  })
  const labels = xs.map((value) =>
    `<text x="${fixed(x(value))}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${value}</text>`)
  return picture(title, y, [...labels, ...drawn])
}

/**
 * Lines over x as it is measured, both axes from zero, the points of a line joined in the order in which they come: as
 * one thing grows another may turn back. What is no number, as the p99 of no answer, has no point.
 */
export function curvePlot (
  title: string, axes: { readonly x: string, readonly y: string }, given: readonly PlotLine[]
): string {
  const lines = given.map(({ name, points }) =>
    ({ name, points: points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)) }))
  const points = lines.flatMap((line) => line.points)
  const right = WIDTH - MARGIN.right
  const bottom = HEIGHT - MARGIN.bottom
  const most = {
    x: 1.05 * Math.max(1e-9, ...points.map(({ x }) => x)), y: 1.05 * Math.max(1e-9, ...points.map(({ y }) => y)),
  }
  const x = (value: number): number => MARGIN.left + (right - MARGIN.left) * value / most.x
  const y = (value: number): number => bottom - (bottom - MARGIN.top) * value / most.y
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share / 1.05)
  return frame(title, [
    ...ticks.map((share) =>
      `<text x="${fixed(x(share * most.x))}" y="${bottom + 14}" text-anchor="middle">${brief(share * most.x)}</text>`),
    ...ticks.map((share) =>
      `<text x="${MARGIN.left - 6}" y="${fixed(y(share * most.y) + 4)}" text-anchor="end">${brief(share * most.y)}</text>`),
    `<text x="${(MARGIN.left + right) / 2}" y="${bottom + 30}" text-anchor="middle">${escape(axes.x)}</text>`,
    `<text x="${MARGIN.left}" y="${MARGIN.top - 4}">${escape(axes.y)}</text>`,
    ...lines.map(({ name, points }, n) => {
      const colour = COLOURS[n % COLOURS.length]!
      const places = points.map((point) => [fixed(x(point.x)), fixed(y(point.y))])
      const path = places.map((place) => place.join(',')).join(' ')
      return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path}"/>` +
        places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`).join('') +
        `<text x="${right + 12}" y="${MARGIN.top + 14 * n + 4}" fill="${colour}">${escape(name)}</text>`
    }),
  ])
}

export interface PlotBar {
  readonly name: string
  readonly value: number
  /** Half the length of the whisker. */
  readonly deviation: number
}

/** A bar for each row, from zero, named in the legend. */
export function barPlot (title: string, bars: readonly PlotBar[]): string {
  const right = WIDTH - MARGIN.right
  const step = (right - MARGIN.left) / bars.length
  const y = scaleOf([0, ...bars.map(({ value, deviation }) => value + deviation)])
  const drawn = bars.map(({ name, value, deviation }, n) => {
    const colour = COLOURS[n % COLOURS.length]!
    const left = MARGIN.left + step * (n + 0.15)
    const middle = fixed(left + step * 0.35)
    return `<rect x="${fixed(left)}" y="${fixed(y.at(value))}" width="${fixed(step * 0.7)}" ` +
      `height="${fixed(y.at(0) - y.at(value))}" fill="${colour}"/>` +
      `<line x1="${middle}" x2="${middle}" y1="${fixed(y.at(value - deviation))}" ` +
      `y2="${fixed(y.at(value + deviation))}" stroke="#24292f"/>` +
      `<text x="${right + 12}" y="${MARGIN.top + 14 * n + 4}" fill="${colour}">${escape(name)}</text>`
  })
  return picture(title, y, drawn)
}

export interface PlotCloud {
  readonly name: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

/** Clouds of points in panels side by side; a panel's scales are its own, and axes say nothing but nearness. */
export function cloudPlot (
  title: string, panels: ReadonlyArray<{ readonly name: string, readonly clouds: readonly PlotCloud[] }>
): string {
  const side = HEIGHT - 2 * MARGIN.top
  const wide = MARGIN.top + panels.length * (side + MARGIN.top) + MARGIN.right
  const drawn = panels.flatMap(({ name, clouds }, p) => {
    const left = MARGIN.top + p * (side + MARGIN.top)
    const all = clouds.flatMap(({ points }) => points)
    const along = (axis: 0 | 1, from: number, to: number): (point: readonly [number, number]) => string => {
      const values = all.map((point) => point[axis])
      const [least, most] = [Math.min(...values), Math.max(...values)]
      return (point) => fixed(from + (to - from) * (most > least ? (point[axis] - least) / (most - least) : 0.5))
    }
    const [x, y] = [along(0, left + 6, left + side - 6), along(1, MARGIN.top + side - 6, MARGIN.top + 6)]
    return [
      `<rect x="${left}" y="${MARGIN.top}" width="${side}" height="${side}" fill="none" stroke="#57606a"/>`,
      `<text x="${left}" y="${MARGIN.top + side + 16}">${escape(name)}</text>`,
      ...clouds.flatMap(({ points }, n) => points.map((point) => `<circle cx="${x(point)}" cy="${y(point)}" r="1.5" ` +
        `fill="${COLOURS[n % COLOURS.length]!}" fill-opacity="0.5"/>`)),
    ]
  })
  const names = [...new Set(panels.flatMap(({ clouds }) => clouds.map(({ name }) => name)))]
  const legend = names.map((name, n) => `<text x="${wide - MARGIN.right + 8}" y="${MARGIN.top + 14 * (n + 1)}" ` +
    `fill="${COLOURS[n % COLOURS.length]!}">${escape(name)}</text>`)
  const heading = `<text x="${MARGIN.top}" y="20" font-weight="bold">${escape(title)}</text>`
  return sheet(wide, [heading, ...drawn, ...legend])
}

interface Scale {
  readonly low: number
  readonly high: number
  at: (value: number) => number
}

/** From the smallest to the largest, with room at both ends. */
function scaleOf (values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const room = Math.max(1e-4, (most - least) * 0.1)
  const low = Math.max(0, least - room)
  const high = most + room
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom]
  return { low, high, at: (value) => bottom - (bottom - top) * (value - low) / (high - low) }
}

function picture (title: string, { low, high, at }: Scale, parts: readonly string[]): string {
  const ticks = [low, (low + high) / 2, high].map((value) =>
    `<text x="${MARGIN.left - 6}" y="${fixed(at(value) + 4)}" text-anchor="end">${value.toFixed(4)}</text>`)
  return frame(title, [...ticks, ...parts])
}

/** The sheet, its title and its two axes. */
function frame (title: string, parts: readonly string[]): string {
  const right = WIDTH - MARGIN.right
  const bottom = HEIGHT - MARGIN.bottom
  return sheet(WIDTH, [
    `<text x="${MARGIN.left}" y="20" font-weight="bold">${escape(title)}</text>`,
    `<path d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}" fill="none" stroke="#57606a"/>`,
    ...parts,
  ])
}

function sheet (width: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="sans-serif" ` +
    `font-size="11">\n<rect width="${width}" height="${HEIGHT}" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`
}

/** A number of a tick, at most three digits where it is small. */
function brief (value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

function fixed (value: number): string {
  return value.toFixed(1)
}

function escape (text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
