import { describe, expect, it } from 'vitest'
import { cloudPlot } from '../../src/plot/clouds.ts'
import { dotPlot } from '../../src/plot/dots.ts'
import { curvePlot, linePlot } from '../../src/plot/lines.ts'
import { ratioScale, scale, THEMES } from '../../src/plot/sheet.ts'

const AXES = { x: 'weight', y: 'NDCG@10' }
const plots = {
  line: linePlot('T & U', AXES, [{ name: 'a<b', points: [{ x: 1, y: 0.1 }, { x: 0.5, y: 0.3 }] }]),
  curve: curvePlot('T & U', AXES, [{ name: 'a<b', points: [{ x: 1, y: 0.1 }, { x: 2, y: 0.3 }] }]),
  dots: dotPlot('T & U', 'NDCG@10', ['a<b'], [{ name: 'row', dots: [{ series: 0, value: 0.1 }] }]),
  clouds: cloudPlot('T & U', [{ name: 'a<b', clouds: [{ name: 'a<b', points: [[0, 1], [1, 0]] }] }]),
}

/** Places of the first line. */
const placesOf = (svg: string): Array<[x: number, y: number]> =>
  /points="([^"]+)"/.exec(svg)![1]!.split(' ').map((place) => place.split(',').map(Number) as [number, number])
/** Places of all signs but those of the legend, in order of drawing. */
const signsOf = (svg: string): Array<[x: number, y: number]> =>
  [...svg.matchAll(/class="mark" d="M([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])

describe('a picture', () => {
  it.each(Object.entries(plots))('says what it is and what it shows to a screen reader, and escapes names: %s', (_, svg) => {
    expect(svg).toContain('role="img" aria-labelledby="title desc"')
    expect(svg).toContain('<title id="title">T &#38; U</title>')
    expect(/<desc id="desc">(.+)<\/desc>/.exec(svg)![1]).toContain('a&#60;b')
    expect(svg).not.toMatch(/a<b|NaN|Infinity|undefined/)
  })

  it.each(Object.entries(plots))('has its colours from its style alone, which follows the light of its reader: %s', (_, svg) => {
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg.replace(/<style>.*<\/style>/, '')).not.toMatch(/#[0-9a-f]{3,8}["';]/)
  })

  it.each(Object.entries(THEMES))('can be read on its paper, %s', (_, { paper, ink, colours }) => {
    for (const each of [ink, ...colours]) expect(contrast(each, paper), each).toBeGreaterThanOrEqual(4.5)
  })

  it('has colours and signs enough that no two of eleven lines are alike', () => {
    const svg = curvePlot('T', AXES, Array.from({ length: 11 }, (_, n) => ({ name: String(n), points: [{ x: 1, y: n }] })))
    const looks = [...svg.matchAll(/<g class="(c\d+)"><polyline[^>]+><path class="mark" d="M[\d.]+ [\d.]+([^"]+)"/g)]
    expect(new Set(looks.map(([, colour, sign]) => `${colour} ${sign}`)).size).toBe(11)
    expect(Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)![1])).toBeGreaterThanOrEqual(36 + 11 * 14)
  })
})

describe('a line', () => {
  it('is higher where values are larger, and sorted by x whatever the order of its points', () => {
    const [first, second] = placesOf(plots.line)
    expect(first![0]).toBeLessThan(second![0])
    expect(first![1]).toBeLessThan(second![1]) // Pictures count from above.
  })

  it('begins at zero, unless it is told not to', () => {
    const line = [{ name: 'a', points: [{ x: 1, y: 0.95 }, { x: 2, y: 1 }] }]
    const high = (svg: string): number => placesOf(svg)[0]![1] - placesOf(svg)[1]![1]
    expect(high(curvePlot('T', { ...AXES, yFromZero: false }, line))).toBeGreaterThan(10 * high(curvePlot('T', AXES, line)))
  })

  it('bears its sign at every point, or at those that were named', () => {
    const points = [{ x: 1, y: 1 }, { x: 2, y: 4 }, { x: 3, y: 2 }]
    // The last sign is the legend's.
    expect(signsOf(curvePlot('T', AXES, [{ name: 'a', points }]))).toHaveLength(4)
    const svg = curvePlot('T', AXES, [{ name: 'a', points, marked: [points[1]!] }])
    expect(signsOf(svg)[0]).toEqual(placesOf(svg)[1])
    expect(signsOf(svg)).toHaveLength(2)
    expect(svg).toContain('a: from 1 at 1 to 2 at 3, highest 4 at 2.')
  })
})

describe('dots', () => {
  it('stand as far from zero as their values are, with whiskers as long as their deviations', () => {
    const svg = dotPlot('T', 'NDCG@10', ['all', 'food'], [
      { name: 'a', dots: [{ series: 0, value: 0.2, deviation: 0.05 }, { series: 1, value: 0.1 }] },
      { name: 'b', strong: true, dots: [{ series: 0, value: 0.4 }] },
    ])
    const [all, food, b] = signsOf(svg).map(([x]) => x - 150)
    expect(all! / food!).toBeCloseTo(2, 1)
    expect(b! / food!).toBeCloseTo(4, 1)
    const [, from, to] = /class="line" d="M([\d.]+) [\d.]+H([\d.]+)"/.exec(svg)!.map(Number)
    expect((to! - from!) / food!).toBeCloseTo(1, 1)
    expect(svg).toContain('font-weight="bold">b</text>')
    expect(svg).toContain('<desc id="desc">NDCG@10. a: all 0.2 ± 0.05, food 0.1. b: all 0.4.</desc>')
  })

  it('of one series in one row are told by how many they are, the least and the greatest', () => {
    const dots = [0.3, 0.1, 0.2].map((value) => ({ series: 0, value }))
    expect(dotPlot('T', 'x', ['tried'], [{ name: 'a', dots }, { name: 'b', dots: [] }]))
      .toContain('a: 3 of tried from 0.1 to 0.3. b: nothing measured.')
  })
})

describe('a scale', () => {
  const of = (values: number[], zero: boolean) => scale(values, { from: 0, to: 100, zero })

  it('has round numbers that hold all values', () => {
    expect(of([0.3, 3.9], true).ticks).toEqual([0, 1, 2, 3, 4])
    const close = of([0.952, 0.998], false).ticks.map((value) => Number(value.toFixed(6)))
    expect(close).toEqual([0.95, 0.96, 0.97, 0.98, 0.99, 1])
    expect(of([0.3, 3.9], true).at(4)).toBe(100)
  })

  it('of ratios has equal distances for equal ratios, between round numbers', () => {
    const { ticks, at } = ratioScale([0.3, 12], { from: 0, to: 100 })
    expect(ticks.map((value) => Number(value.toPrecision(6)))).toEqual([0.2, 0.5, 1, 2, 5, 10, 20])
    expect(at(4) - at(2)).toBeCloseTo(at(0.8) - at(0.4))
    expect([at(0.2), at(20)].map(Math.round)).toEqual([0, 100])
    for (const values of [[1], [0.2, 0.2], [3, 3.1]]) {
      const { at } = ratioScale(values, { from: 0, to: 100 })
      for (const value of values) expect(at(value)).toSatisfy((place: number) => place >= 0 && place <= 100)
    }
  })

  it('is there for one value, for equal ones and for zero', () => {
    for (const values of [[0], [5], [7, 7], [0.001]]) {
      for (const zero of [true, false]) {
        const { ticks, at } = of(values, zero)
        expect(ticks.length).toBeGreaterThan(1)
        for (const value of values) expect(at(value)).toBeGreaterThanOrEqual(-1e-9)
        for (const value of values) expect(at(value)).toBeLessThanOrEqual(100 + 1e-9)
      }
    }
  })
})

/** WCAG 2: the ratio of two colours' relative luminances. */
function contrast (one: string, other: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  }
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high! + 0.05) / (low! + 0.05)
}
