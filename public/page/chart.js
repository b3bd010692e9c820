import * as api from './api.js'
import { $, COLOURS, el, mark, nameOf } from './dom.js'

const MARGIN = 18
/** How near a pointer must come to an item, in pixels. */
const REACH = 14

/**
 * The chart of items: a canvas that shows, for those who see it, what the lists say. Items are placed by the service;
 * those lit are asked for as they come. @param onPick told of the item that was clicked
 */
export function createChart (onPick) {
  const canvas = $('chart')
  const draw2d = canvas.getContext('2d')
  const places = new Map()
  let domains = []
  let all = []
  let lit = { session: [], answers: [], added: [] }
  let bounds = { x: 0, y: 0, width: 1, height: 1 }
  let hovered

  const learn = (points) => {
    for (const point of points) places.set(point.itemId, point)
  }
  const toPixels = ({ x, y }) => [
    MARGIN + (x - bounds.x) / bounds.width * (canvas.clientWidth - 2 * MARGIN),
    canvas.clientHeight - MARGIN - (y - bounds.y) / bounds.height * (canvas.clientHeight - 2 * MARGIN),
  ]

  const redraw = () => {
    const scale = devicePixelRatio
    canvas.width = Math.round(canvas.clientWidth * scale)
    canvas.height = Math.round(canvas.clientHeight * scale)
    draw2d.setTransform(scale, 0, 0, scale, 0, 0)
    const style = getComputedStyle(canvas)
    const colour = (domain) => style.getPropertyValue(`--d${Math.max(0, domains.indexOf(domain)) % COLOURS}`)
    const ink = style.getPropertyValue('--ink')
    const paper = style.getPropertyValue('--card')

    draw2d.globalAlpha = lit.session.length > 0 ? 0.28 : 0.55
    for (const point of all) {
      draw2d.fillStyle = colour(point.domain)
      shape(draw2d, domains.indexOf(point.domain), toPixels(point), 2.4)
      draw2d.fill()
    }
    draw2d.globalAlpha = 1
    for (const itemId of lit.answers) {
      const point = places.get(itemId)
      if (point === undefined) continue
      draw2d.fillStyle = colour(point.domain)
      draw2d.strokeStyle = paper
      draw2d.lineWidth = 1.5
      shape(draw2d, domains.indexOf(point.domain), toPixels(point), 6)
      draw2d.fill()
      draw2d.stroke()
    }
    drawSession(ink, paper, colour)
    for (const itemId of lit.added) {
      const point = places.get(itemId)
      if (point === undefined) continue
      draw2d.fillStyle = colour(point.domain)
      draw2d.strokeStyle = ink
      draw2d.lineWidth = 2
      star(draw2d, toPixels(point), 11)
      draw2d.fill()
      draw2d.stroke()
    }
    if (hovered !== undefined) {
      draw2d.strokeStyle = ink
      draw2d.lineWidth = 2
      circle(draw2d, toPixels(hovered), 9)
      draw2d.stroke()
    }
  }

  /** The way that the session went, and its items by number. */
  const drawSession = (ink, paper, colour) => {
    const points = lit.session.flatMap((itemId) => places.get(itemId) ?? [])
    draw2d.strokeStyle = ink
    draw2d.lineWidth = 1.25
    draw2d.setLineDash([4, 4])
    draw2d.beginPath()
    for (const [i, point] of points.entries()) draw2d[i === 0 ? 'moveTo' : 'lineTo'](...toPixels(point))
    draw2d.stroke()
    draw2d.setLineDash([])
    draw2d.font = 'bold 11px system-ui, sans-serif'
    draw2d.textAlign = 'center'
    draw2d.textBaseline = 'middle'
    for (const [i, point] of points.entries()) {
      const at = toPixels(point)
      draw2d.fillStyle = paper
      draw2d.strokeStyle = colour(point.domain)
      draw2d.lineWidth = 3
      circle(draw2d, at, 10)
      draw2d.fill()
      draw2d.stroke()
      draw2d.fillStyle = ink
      draw2d.fillText(String(i + 1), at[0], at[1] + 0.5)
    }
  }

  const nearest = (event) => {
    const box = canvas.getBoundingClientRect()
    const [x, y] = [event.clientX - box.left, event.clientY - box.top]
    let best
    let least = REACH
    for (const point of places.values()) {
      const [px, py] = toPixels(point)
      const away = Math.hypot(px - x, py - y)
      if (away < least) [best, least] = [point, away]
    }
    return best
  }
  canvas.addEventListener('pointermove', (event) => {
    const point = nearest(event)
    if (point === hovered) return
    hovered = point
    tell(point, toPixels)
    redraw()
  })
  canvas.addEventListener('pointerleave', () => {
    hovered = undefined
    tell(undefined)
    redraw()
  })
  canvas.addEventListener('click', (event) => {
    const point = nearest(event)
    if (point !== undefined) onPick(point)
  })
  new ResizeObserver(redraw).observe(canvas)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)

  return {
    /** Asks for the chart anew. @param names of the domains, in the order of their colours */
    async load (names) {
      domains = names
      const found = await api.chart().catch(absent)
      $('map').hidden = found === undefined
      $('example').hidden = found === undefined
      if (found === undefined) return
      const { points, share } = found
      all = points
      learn(points)
      const [x, y] = [points.map((point) => point.x), points.map((point) => point.y)]
      bounds = { x: Math.min(...x), y: Math.min(...y), width: span(x), height: span(y) }
      $('legend').replaceChildren(...names.map((name, i) => el('span', {}, mark(i), name)),
        el('span', {}, el('span', { class: 'mark numbered', 'aria-hidden': 'true' }, '1'), 'session'),
        el('span', {}, el('span', { class: 'mark large', 'aria-hidden': 'true' }), 'recommended'))
      $('map-note').textContent = `${points.length.toLocaleString('en')} items by what all shops share, in the two directions ` +
        `that tell them apart best (${Math.round(100 * share)} % of the differences). Near means alike. Click one to pick it.`
      redraw()
    },
    /** Lights items: those of the session, in order, those answered, and those added here. */
    async light (next) {
      lit = next
      if (all.length === 0) return
      canvas.setAttribute('aria-label', `A map of ${all.length} items. Lit are ${lit.session.length} of the session and ` +
        `${lit.answers.length} recommended ones; the lists name them.`)
      const unknown = [...lit.session, ...lit.answers, ...lit.added].filter((itemId) => !places.has(itemId))
      if (unknown.length > 0) learn((await api.places(unknown.slice(0, 500))).points)
      if (lit === next) redraw()
    },
    /** An item that is not there any more. */
    forget (itemId) {
      places.delete(itemId)
      all = all.filter((point) => point.itemId !== itemId)
      redraw()
    },
  }
}

/** Too few items make no chart, and the page goes without. */
function absent (error) {
  if (error.status !== 404) throw error
}

function tell (point, toPixels) {
  const tip = $('tip')
  tip.hidden = point === undefined
  if (point === undefined) return
  const [x, y] = toPixels(point)
  tip.textContent = `${nameOf(point)} · ${point.domain}`
  // Kept inside the chart, on the side where there is room.
  const width = tip.parentElement.clientWidth
  tip.style.left = `${Math.max(0, Math.min(width - tip.offsetWidth, x - tip.offsetWidth / 2))}px`
  tip.style.top = `${y > 60 ? y - tip.offsetHeight - 14 : y + 14}px`
}

function span (values) {
  return Math.max(...values) - Math.min(...values) || 1
}

/** Domains differ in shape too: circle, square, triangle, and so on again. */
function shape (draw2d, place, [x, y], size) {
  draw2d.beginPath()
  if (place % 3 === 0) draw2d.arc(x, y, size, 0, 2 * Math.PI)
  else if (place % 3 === 1) draw2d.rect(x - size * 0.9, y - size * 0.9, 1.8 * size, 1.8 * size)
  else {
    const [base, wide] = [y + 0.8 * size, 1.1 * size]
    polygon(draw2d, [[x, y - 1.2 * size], [x + wide, base], [x - wide, base]])
  }
}

function circle (draw2d, [x, y], size) {
  draw2d.beginPath()
  draw2d.arc(x, y, size, 0, 2 * Math.PI)
}

function star (draw2d, [x, y], size) {
  draw2d.beginPath()
  polygon(draw2d, Array.from({ length: 10 }, (_, i) => {
    const [turn, away] = [Math.PI * (i / 5 - 0.5), i % 2 === 0 ? size : 0.45 * size]
    return [x + away * Math.cos(turn), y + away * Math.sin(turn)]
  }))
}

function polygon (draw2d, corners) {
  for (const [i, corner] of corners.entries()) draw2d[i === 0 ? 'moveTo' : 'lineTo'](...corner)
  draw2d.closePath()
}
