/** One line of a training curve: an epoch's mean of each loss term, and what validation said. */
export interface CurveRow {
  readonly epoch: number
  readonly losses: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
}

/** The curve as CSV. It holds no times: two equal runs give equal files. */
export function curveCsv (rows: readonly CurveRow[]): string {
  const losses = Object.keys(rows[0]?.losses ?? {})
  const metrics = Object.keys(rows[0]?.metrics ?? {})
  const lines = rows.map((row) => [
    row.epoch, ...losses.map((name) => row.losses[name] ?? ''), ...metrics.map((name) => row.metrics[name] ?? ''),
  ].join(','))
  return [['epoch', ...losses, ...metrics].join(','), ...lines].map((line) => `${line}\n`).join('')
}

/** One column of a curve that `curveCsv` wrote, by epoch; rows that leave it empty are left out. */
export function curveColumn (csv: string, column: string): Array<{ readonly epoch: number, readonly value: number }> {
  const [head = '', ...lines] = csv.trim().split('\n')
  const at = head.split(',').indexOf(column)
  return lines.map((line) => line.split(',')).flatMap((cells) =>
    cells[at] === undefined || cells[at] === '' ? [] : [{ epoch: Number(cells[0]), value: Number(cells[at]) }])
}

const WIDTH = 640
const PANEL = 220
const MARGIN = { left: 64, right: 150, top: 28, bottom: 32 }
const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#8250df', '#bc4c00', '#57606a', '#0e7490', '#a40e26']

/** The curve as a picture: losses above, validation below, the best epoch marked. */
export function curveSvg (rows: readonly CurveRow[], best: number): string {
  const panels = (['losses', 'metrics'] as const).map((part, p) => panel(rows, part, best, p * PANEL))
  const height = 2 * PANEL
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" ` +
    `font-size="11">\n<rect width="${WIDTH}" height="${height}" fill="#fff"/>\n${panels.join('\n')}\n</svg>\n`
}

function panel (rows: readonly CurveRow[], part: 'losses' | 'metrics', best: number, top: number): string {
  const names = Object.keys(rows[0]?.[part] ?? {})
  const values = rows.flatMap((row) => Object.values(row[part])).filter(Number.isFinite)
  const [low, high] = [Math.min(...values, 0), Math.max(...values, 1e-9)]
  const last = Math.max(1, rows.length - 1)
  const right = WIDTH - MARGIN.right
  const bottom = top + PANEL - MARGIN.bottom
  const x = (index: number): number => MARGIN.left + (right - MARGIN.left) * index / last
  const y = (value: number): number => bottom - (bottom - top - MARGIN.top) * (value - low) / (high - low)
  const fixed = (value: number): string => value.toFixed(1)

  const lines = names.map((name, n) => {
    const points = rows.map((row, i) => `${fixed(x(i))},${fixed(y(row[part][name] ?? low))}`).join(' ')
    const colour = COLOURS[n % COLOURS.length]!
    const labelY = top + MARGIN.top + 14 * n
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points}"/>` +
      `<text x="${right + 10}" y="${labelY + 4}" fill="${colour}">${escape(name)}</text>`
  })
  const bestIndex = rows.findIndex((row) => row.epoch === best)
  const mark = bestIndex < 0
    ? ''
    : `<line x1="${fixed(x(bestIndex))}" x2="${fixed(x(bestIndex))}" y1="${top + MARGIN.top}" y2="${bottom}" ` +
      'stroke="#57606a" stroke-dasharray="3 3"/>'
  const frame = `<path d="M${MARGIN.left} ${top + MARGIN.top}V${bottom}H${right}" fill="none" stroke="#57606a"/>`
  const ticks = [low, (low + high) / 2, high].map((value) =>
    `<text x="${MARGIN.left - 6}" y="${fixed(y(value) + 4)}" text-anchor="end">${value.toPrecision(3)}</text>`)
  const epochs = [rows[0], rows.at(-1)].map((row, end) => row === undefined
    ? ''
    : `<text x="${end === 0 ? MARGIN.left : right}" y="${bottom + 16}" text-anchor="middle">${row.epoch}</text>`)
  const title = `<text x="${MARGIN.left}" y="${top + 16}" font-weight="bold">` +
    `${part === 'losses' ? 'Loss by epoch' : 'Validation by epoch'}</text>`
  return [title, frame, mark, ...ticks, ...epochs, ...lines].join('\n')
}

function escape (text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
