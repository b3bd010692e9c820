import { bar, el, mark, nameOf } from './dom.js'
import { session } from './session.js'

/** One domain's answer as a card that is drawn anew with each answer. @param onWhy asked to explain an item */
export function createAnswer (domain, place, onWhy) {
  const basis = el('p', { class: 'basis' })
  const list = el('ol', { class: 'ranked' })
  const facts = el('p', { class: 'note facts' })
  const card = el('section', { class: `card answer d${place % 6}`, 'aria-label': `Recommendations of ${domain}` },
    el('h3', {}, mark(place), `Next in ${domain}`), basis, list, facts)
  let before = new Map()

  return {
    card,
    draw (answer) {
      const focused = focusedIn(list)
      const isFirst = before.size === 0
      basis.textContent = basisOf(answer)
      basis.classList.toggle('bad', answer.degraded)
      const most = Math.max(...answer.items.map(({ score }) => Math.abs(score)), 1e-9)
      list.replaceChildren(...answer.items.map((item) =>
        row(item, most, isFirst ? undefined : moved(item, before), () => onWhy(item, domain))))
      before = new Map(answer.items.map(({ itemId, rank }) => [itemId, rank]))
      const { name, version, variant } = answer.model
      facts.textContent = `Answered in ${answer.ms.toFixed(1)} ms · ${name} ${version}${variant ? ` · ${variant}` : ''}`
      if (focused === undefined) return
      list.children[Math.min(focused.row, list.children.length - 1)]?.querySelector(focused.what)?.focus()
    },
  }
}

function row (item, most, move, onWhy) {
  return el('li', {},
    el('span', { class: 'rank', 'aria-hidden': 'true' }, String(item.rank)),
    el('button', { type: 'button', class: 'name pick', onclick: () => session.add(item) },
      el('span', { class: 'hidden' }, 'Pick '), nameOf(item)),
    el('span', { class: 'score' }, bar(item.score, most), el('span', { class: 'number' }, item.score.toFixed(3)),
      el('span', { class: `move ${move?.kind ?? ''}` }, move?.text ?? ''),
      el('button', { type: 'button', class: 'ask', onclick: onWhy },
        'Why', el('span', { class: 'hidden' }, ` ${nameOf(item)}`))))
}

function moved ({ itemId, rank }, before) {
  const last = before.get(itemId)
  if (last === undefined) return { kind: 'new', text: 'new' }
  if (last === rank) return undefined
  return last > rank ? { kind: 'up', text: `▲ ${last - rank}` } : { kind: 'down', text: `▼ ${rank - last}` }
}

function basisOf ({ basis, historyUsed, historyUnknown, degraded, degradedReasons }) {
  const rests = {
    history: `Rests on the history: ${historyUsed} ${historyUsed === 1 ? 'item' : 'items'}`,
    text: 'Rests on the text',
    popular: 'Nothing is known: what is popular',
  }[basis]
  return rests + (historyUnknown > 0 ? `, ${historyUnknown} unknown` : '') +
    (degraded ? `. Degraded: ${degradedReasons.join(', ')}` : '')
}

/** Where the focus is in a list that is about to be drawn anew. */
function focusedIn (list) {
  const row = [...list.children].findIndex((child) => child.contains(document.activeElement))
  if (row === -1) return undefined
  return { row, what: document.activeElement.classList.contains('ask') ? '.ask' : '.pick' }
}
