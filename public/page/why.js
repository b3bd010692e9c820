import * as api from './api.js'
import { $, bar, el, mark, nameOf, signed } from './dom.js'
import { session } from './session.js'

const THREADS = {
  global: 'Global thread: what the whole history says, across shops',
  local: 'Local thread: what its part in this shop says',
}

/** The dialog that explains an answered item, or says what is like a picked one. */
export function createWhy (domains, show) {
  const dialog = $('why')
  $('why-close').addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close() })

  const open = (title, ...parts) => {
    $('why-title').textContent = title
    $('why-body').replaceChildren(...parts)
    dialog.showModal()
    $('why-body').scrollTop = 0
  }

  return {
    /** @param ask what the answer was asked with */
    async explain (item, domain, ask) {
      try {
        const answer = await api.recommend(domain, { ...ask, explain: true })
        const found = answer.items.find(({ itemId }) => itemId === item.itemId) ?? item
        open(nameOf(item), ...explained(found, answer, domains()), await alike(item, domains()))
      } catch (error) {
        show(error)
      }
    },
    async similar (item) {
      try {
        open(nameOf(item), await alike(item, domains()))
      } catch (error) {
        show(error)
      }
    },
  }
}

function explained (item, { explanation, basis }, domains) {
  if (explanation === undefined || item.parts === undefined) {
    return [el('p', {}, basis === 'popular'
      ? 'Nothing is known of the session, so these are simply the items that are popular now.'
      : 'There is nothing to explain.')]
  }
  const { parts, weighed = [], domains: shops = [], near = [] } = item
  const most = Math.max(...Object.values(parts).map(Math.abs))
  const heaviest = Math.max(...[...weighed, ...shops].map(({ weight }) => Math.abs(weight)), 1e-9)
  const missing = explanation.threads.includes('local')
    ? undefined
    : el('p', { class: 'note' }, 'This system has no local thread: all of the score is the global one.')
  return [
    part(`What its score of ${item.score.toFixed(3)} is made of`, undefined, Object.entries(parts).map(([thread, value]) =>
      line(THREADS[thread], value, most)), missing),
    ...(shops.length > 1
      ? [part('What each shop did', 'By how much the score falls when everything picked there is left out.',
          shops.map(({ domain, weight }) => line(domain, weight, heaviest, mark(domains.indexOf(domain)))))]
      : []),
    ...(weighed.length > 0
      ? [part('What each item did', 'By how much the score falls when it is left out of the history; to the left, where it rises.',
          weighed.map((one) => line(nameOf(one), one.weight, heaviest, mark(domains.indexOf(one.domain)))))]
      : []),
    ...(near.length > 0
      ? [part('Most alike in the history', 'By what all shops know of them, which is not yet a cause.',
          near.map((one) => line(nameOf(one), one.similarity, 1, mark(domains.indexOf(one.domain)))))]
      : []),
  ]
}

function line (name, value, most, lead) {
  return el('li', {}, el('span', { class: 'label' }, ...(lead === undefined ? [] : [lead]), name),
    bar(value, most, true), el('span', { class: 'number' }, signed(value)))
}

function part (title, note, lines, more) {
  return el('section', {}, el('h3', {}, title), note === undefined ? undefined : el('p', { class: 'note' }, note),
    el('ul', { class: 'lines' }, ...lines), more)
}

/** The items most like one, in each domain, to be picked. */
export async function alike (item, domains, k = 4) {
  const lists = await Promise.all(domains.map((domain) => api.similar(item.itemId, domain, k)))
  return el('section', {}, el('h3', {}, 'Alike, in every shop'),
    el('div', { class: 'alike' }, ...lists.map(({ items, domain }, i) => el('div', {},
      el('h4', {}, mark(i), domain),
      el('ul', { class: 'items' }, ...items.map((one) => el('li', {}, el('button', {
        type: 'button',
        class: session.has(one.itemId) ? 'pick in' : 'pick',
        onclick: (event) => {
          session.add(one)
          event.currentTarget.classList.add('in')
        },
      }, el('span', { class: 'hidden' }, 'Pick '), el('span', { class: 'name' }, nameOf(one)),
      el('span', { class: 'of' }, one.score.toFixed(2))))))))))
}
