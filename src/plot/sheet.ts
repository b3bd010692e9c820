/** The space around what is drawn; at the right stands the legend. */
export const MARGIN = { left: 64, right: 210, top: 36, bottom: 40 }
export const WIDTH = 720
export const HEIGHT = 320

export interface Theme {
  readonly paper: string
  readonly ink: string
  /** Of axes and of lines that only help. */
  readonly line: string
  /** Of what is drawn, in its order; words have them too. */
  readonly colours: readonly string[]
}

/** By what a reader asks of their screen. Every colour can be read on its paper (WCAG AA, 4.5 to 1). */
export const THEMES: Readonly<Record<'light' | 'dark', Theme>> = {
  light: {
    paper: '#ffffff',
    ink: '#1f2328',
    line: '#6e7781',
    colours: [
      '#0969da', '#cf222e', '#1a7f37', '#8250df', '#bc4c00', '#57606a', '#0e7490', '#a40e72', '#7a5c00', '#3b3f9e', '#5d3a1a',
    ],
  },
  dark: {
    paper: '#0d1117',
    ink: '#e6edf3',
    line: '#848d97',
    colours: [
      '#58a6ff', '#ff7b72', '#3fb950', '#bc8cff', '#f0883e', '#a5adb6', '#39c5cf', '#ff9bce', '#e3b341', '#9aa4ff', '#d2a679',
    ],
  },
}

/** What a picture says to who cannot see it: its name, and what it shows in words. */
export interface Told {
  readonly title: string
  readonly description: string
}

/** A whole SVG document, which follows the light of its reader; its parts use the classes of `STYLE`. */
export function sheet (
  { title, description }: Told, size: { readonly width: number, readonly height: number }, parts: readonly string[]
): string {
  const { width, height } = size
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ` +
    'aria-labelledby="title desc" font-family="sans-serif" font-size="11">\n' +
    `<title id="title">${escape(title)}</title>\n<desc id="desc">${escape(description)}</desc>\n` +
    `<style>${STYLE}</style>\n<rect class="paper" width="${width}" height="${height}"/>\n` +
    `<text x="${MARGIN.left}" y="16" font-weight="bold">${escape(title)}</text>\n${parts.join('\n')}\n</svg>\n`
}

/** What is drawn in the n-th colour, lines and words alike. */
export function colour (n: number, content: string): string {
  return `<g class="c${n % THEMES.light.colours.length}">${content}</g>`
}

/** The n-th sign, around a point: what tells two lines apart where colours do not. */
export function mark (n: number, x: number, y: number): string {
  const at = `${fixed(x)} ${fixed(y)}`
  return `<path class="mark" d="M${at}${MARKS[n % MARKS.length]!}"/>`
}

const MARKS = [
  'm-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z', 'm-3-3h6v6h-6z', 'm0-4l4 4l-4 4l-4-4z', 'm0-4l4 7h-8z', 'm0 4l4-7h-8z',
  'm-4-1h3v-3h2v3h3v2h-3v3h-2v-3h-3z', 'm-4 0a4 4 0 0 1 8 0z',
]

/** The n-th name with its sign, one below the other. */
export function legend (names: readonly string[], left: number): string[] {
  return names.map((name, n) => {
    const y = MARGIN.top + 14 * n
    return colour(n, `${mark(n, left, y)}<text x="${fixed(left + 10)}" y="${y + 4}">${escape(name)}</text>`)
  })
}

/** Where a legend of so many names ends. */
export function legendEnd (names: number): number {
  return MARGIN.top + 14 * names
}

/** A scale from values to places on the sheet, with round numbers to write beside it. */
export interface Scale {
  readonly ticks: readonly number[]
  readonly at: (value: number) => number
}

/** From zero or from a round number below the least value, up to a round number above the greatest. */
export function scale (
  values: readonly number[], { from, to, zero }: { readonly from: number, readonly to: number, readonly zero: boolean }
): Scale {
  const least = zero ? Math.min(0, ...values) : Math.min(...values)
  const most = Math.max(...values, zero ? 1e-9 : -Infinity)
  const span = most > least ? most - least : Math.max(Math.abs(most), 1e-9)
  const step = roundStep(span / 5)
  // What arithmetic adds to a round number must not become a step.
  const low = Math.floor(least / step + 1e-9)
  const high = Math.max(Math.ceil(most / step - 1e-9), low + 1)
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, i) => (low + i) * step),
    at: (value) => from + (to - from) * ((value / step - low) / (high - low)),
  }
}

/** Equal ratios at equal distances, between round numbers; values are above zero. */
export function ratioScale (
  values: readonly number[], { from, to }: { readonly from: number, readonly to: number }
): Scale {
  const rounds = (power: number): number[] => [1, 2, 5].map((times) => times * 10 ** power)
  const powers = values.map((value) => Math.floor(Math.log10(value)))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const lowest = Math.min(...powers)
  const all = Array.from({ length: Math.max(...powers) - lowest + 2 }, (_, i) => rounds(lowest + i)).flat()
  const low = all.findLastIndex((round) => round <= least * (1 + 1e-9))
  const high = Math.max(low + 1, all.findIndex((round) => round >= most * (1 - 1e-9)))
  const ticks = all.slice(low, high + 1)
  const [first, last] = [ticks[0]!, ticks.at(-1)!]
  return { ticks, at: (value) => from + (to - from) * (Math.log(value / first) / Math.log(last / first)) }
}

/** 1, 2 or 5 times a power of ten, the nearest from above. */
function roundStep (wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted))
  return power * ([1, 2, 5].find((times) => times * power >= wanted * (1 - 1e-9)) ?? 10)
}

/** A number of a tick, without what arithmetic left of it. */
export function tick (value: number): string {
  const text = String(Number(value.toPrecision(6)))
  return Math.abs(value) >= 1000 ? Number(text).toLocaleString('en-US') : text
}

/** A number in a description: four significant digits. */
export function figure (value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** A place, a tenth of a unit exact. */
export function fixed (value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** As text and in attributes. */
export function escape (text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

function rules ({ paper, ink, line, colours }: Theme): string {
  return `.paper{fill:${paper}}text,.band{fill:${ink}}.axis{stroke:${line}}` +
    colours.map((value, n) => `.c${n}{color:${value}}`).join('')
}

const STYLE = '.axis{fill:none}.grid{stroke-opacity:.25}.band{fill-opacity:.06}.line{fill:none;stroke:currentColor;stroke-width:1.5}' +
  '.mark{fill:currentColor;stroke:currentColor}[class^=c] text{fill:currentColor}.cloud{fill:none;stroke:currentColor;' +
  `stroke-width:3;stroke-linecap:round;stroke-opacity:.5}${rules(THEMES.light)}` +
  `@media(prefers-color-scheme:dark){${rules(THEMES.dark)}}`
