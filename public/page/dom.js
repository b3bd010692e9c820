// Small helpers. Text is set as text, never as markup; widths are set through the style object, which a CSP without
// inline styles allows.

export const $ = (id) => document.getElementById(id)

/** An element with its properties (`class`, `on…`, `aria-…` and the rest as attributes) and children. */
export function el (tag, props = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else node.setAttribute(name, value === true ? '' : String(value))
  }
  node.append(...children.filter((child) => child !== undefined))
  return node
}

/** A bar of `value` out of `most`, to the right of a middle line where values may be below 0. */
export function bar (value, most, signed = false) {
  const fill = el('span', { class: value < 0 ? 'fill less' : 'fill' })
  const part = most > 0 ? Math.min(1, Math.abs(value) / most) : 0
  fill.style.width = `${(signed ? 50 : 100) * part}%`
  if (signed) fill.style.marginLeft = `${value < 0 ? 50 - 50 * part : 50}%`
  return el('span', { class: signed ? 'bar signed' : 'bar', 'aria-hidden': 'true' }, fill)
}

/** The mark of a domain, by its place: colour and shape, since colour alone is not for everybody. */
export function mark (place) {
  return el('span', { class: `mark d${place % COLOURS}`, 'aria-hidden': 'true' })
}

export const COLOURS = 6

/** A signed number with three decimals, and a real minus. */
export function signed (value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`
}

export const nameOf = ({ title, itemId }) => title ?? itemId
