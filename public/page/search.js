import * as api from './api.js'
import { $, el, mark, nameOf } from './dom.js'
import { session } from './session.js'

const SHOWN = 8
const WAIT_MS = 120

/** The search of all domains, as one types. @param domains gives their names now; @param show tells of trouble */
export function startSearch (domains, show) {
  let timer
  let current = new AbortController()

  const search = async () => {
    current.abort()
    current = new AbortController()
    const { signal } = current
    const query = $('query').value.trim().split(/\s+/).slice(0, 8).join(' ')
    if (query === '') {
      $('found-note').textContent = ''
      return $('found').replaceChildren()
    }
    try {
      const names = domains()
      const results = await Promise.all(names.map((domain) => api.search(domain, query, SHOWN, signal)))
      // A few of each, so that one shop does not hide the other.
      const each = Math.max(2, Math.ceil(SHOWN / names.length))
      const items = results.flatMap((result) => result.items.slice(0, each))
      const more = results.some((result) => result.more || result.items.length > each)
      $('found-note').textContent = items.length === 0 ? 'No title holds that.' : more ? 'The first of more:' : ''
      $('found').replaceChildren(...items.map((item) => row(item, names)))
    } catch (error) {
      if (!signal.aborted) show(error)
    }
  }

  $('query').addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(search, WAIT_MS)
  })
  session.onChange(() => {
    for (const button of $('found').querySelectorAll('button')) {
      button.classList.toggle('in', session.has(button.dataset.item))
    }
  })
}

function row (item, names) {
  const button = el('button', {
    type: 'button', class: session.has(item.itemId) ? 'pick in' : 'pick', onclick: () => session.add(item),
  }, el('span', { class: 'hidden' }, 'Pick '), mark(names.indexOf(item.domain)), el('span', { class: 'name' }, nameOf(item)),
  el('span', { class: 'of' }, item.domain))
  button.dataset.item = item.itemId
  return el('li', {}, button)
}
