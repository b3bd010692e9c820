import * as api from './api.js'
import { $, el } from './dom.js'
import { session } from './session.js'
import { alike } from './why.js'

/** How far down the answer of its domain an added item is looked for. */
const DEEP = 100

/**
 * Items that this page adds: one by its title, or a whole new domain.
 * @param page `domains()`, `ask()` (what answers are asked with), `show(error)`, `added` (ids), `refresh()` and
 * `opened()` for when a domain is new
 */
export function startAdding (page) {
  $('cold-form').addEventListener('submit', (event) => {
    event.preventDefault()
    addOne(page).catch(page.show)
  })
  $('open-form').addEventListener('submit', (event) => {
    event.preventDefault()
    openDomain(page).catch(page.show)
  })
}

async function addOne (page) {
  const item = { itemId: newId(), domain: $('cold-domain').value, title: $('cold-name').value.trim() }
  const { state } = await api.postItem(item)
  $('cold-name').value = ''
  if (state === 'pending') {
    return $('cold-result').replaceChildren(el('p', {}, 'It is stored, and waits for the text embedder; then it is in the answers.'))
  }
  page.added.push(item.itemId)
  await page.refresh()
  const ask = page.ask()
  const { items, basis } = await api.recommend(item.domain, { ...ask, k: DEEP })
  const rank = items.find(({ itemId }) => itemId === item.itemId)?.rank
  const where = basis !== 'history'
    ? 'Pick something, and it may be recommended.'
    : rank === undefined ? `It is not among the ${DEEP} best for this session.` : `It is number ${rank} for this session.`
  $('cold-result').replaceChildren(
    el('p', {}, el('strong', {}, item.title), ` is in ${item.domain} now, known by its title alone. ${where}`),
    el('div', { class: 'tools' },
      el('button', { type: 'button', onclick: () => session.add(item) }, 'Pick it'),
      el('button', { type: 'button', onclick: () => takeOut(page, item).catch(page.show) }, 'Take it out again')),
    await alike(item, page.domains(), 3))
}

async function takeOut (page, item) {
  await api.deleteItem(item.itemId)
  page.added.splice(page.added.indexOf(item.itemId), 1)
  page.forget(item.itemId)
  $('cold-result').replaceChildren(el('p', {}, `${item.title} is gone.`))
  $('cold-name').focus()
  if (session.has(item.itemId)) session.remove(item.itemId)
  else await page.refresh()
}

async function openDomain (page) {
  const domain = $('open-name').value.trim()
  const titles = $('open-titles').value.split('\n').map((line) => line.trim()).filter((line) => line !== '').slice(0, 100)
  const answers = await api.postItems(titles.map((title) => ({ itemId: newId(), domain, title })))
  const ready = answers.items.filter(({ state }) => state === 'ready').length
  $('open-result').textContent = `${domain} is open with ${ready} items, by their titles alone` +
    (ready < titles.length ? `; ${titles.length - ready} wait for the text embedder.` : '.')
  await page.opened()
}

/** An id that nothing else has: 12 random bytes. */
function newId () {
  return `try-${Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
