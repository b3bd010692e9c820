// The page of GET /: a session that one builds by clicking, and what each domain answers to it.
import { startAdding } from './added.js'
import { createAnswer } from './answers.js'
import * as api from './api.js'
import { createChart } from './chart.js'
import { $, el, mark, nameOf } from './dom.js'
import { startSearch } from './search.js'
import { session } from './session.js'
import { createWhy } from './why.js'

const SHOWN = 8

let domains = []
let answers = new Map()
const added = []
let current = new AbortController()
let rounds = 0

const chart = createChart((item) => session.add(item))
const why = createWhy(() => domains, show)

function show (error) {
  $('trouble').textContent = error.message
  $('trouble').hidden = false
}

/** What every answer is asked with: the session, and what else is known of the shopper. */
function ask () {
  const [userId, profileText] = [$('user').value.trim(), $('text').value.trim()]
  return {
    k: SHOWN,
    ...(session.items.length === 0 ? {} : { history: session.items.map(({ itemId }) => ({ itemId })) }),
    ...(userId === '' ? {} : { userId }),
    ...(profileText === '' ? {} : { profileText }),
  }
}

/** Asks every domain anew, and shows what they say; an older question is given up. */
async function refresh () {
  current.abort()
  current = new AbortController()
  const { signal } = current
  drawSession()
  $('answers').setAttribute('aria-busy', 'true')
  try {
    const found = await Promise.all(domains.map((domain) => api.recommend(domain, ask(), signal)))
    if (signal.aborted) return
    $('trouble').hidden = true
    for (const answer of found) answers.get(answer.domain).draw(answer)
    $('said').textContent = found.map(({ domain, items: [first] }) =>
      first === undefined ? `${domain}: nothing` : `${domain}: ${nameOf(first)}`).join('. ')
    await chart.light({
      session: session.items.map(({ itemId }) => itemId),
      answers: found.flatMap(({ items }) => items.map(({ itemId }) => itemId)),
      added,
    })
  } catch (error) {
    if (!signal.aborted) show(error)
  } finally {
    if (!signal.aborted) {
      $('answers').setAttribute('aria-busy', 'false')
      $('answers').dataset.round = String(++rounds)
    }
  }
}

function drawSession () {
  const items = session.items
  $('picks').replaceChildren(...items.map((item, i) => el('li', { class: 'chip' },
    mark(domains.indexOf(item.domain)),
    el('button', { type: 'button', class: 'name', onclick: () => why.similar(item) },
      nameOf(item), el('span', { class: 'hidden' }, `, ${item.domain}: what is alike`)),
    el('button', {
      type: 'button', class: 'drop', 'aria-label': `Remove ${nameOf(item)}`, onclick: () => drop(item, i),
    }, '×'))))
  $('picks-empty').hidden = items.length > 0
  $('clear').hidden = items.length === 0
}

/** The focus goes to the next item, or to the search: it must not be lost with the button. */
function drop (item, i) {
  session.remove(item.itemId)
  const left = $('picks').children
  const next = left[Math.min(i, left.length - 1)]?.querySelector('.drop') ?? $('query')
  next.focus()
}

/** Some item, and what is most like it in every domain: a session that makes sense whatever is sold. */
async function pickExample () {
  const { points } = await api.chart()
  const item = points[Math.floor(Math.random() * points.length)]
  const lists = await Promise.all(domains.map((domain) => api.similar(item.itemId, domain, 1)))
  session.clear()
  session.addAll([...lists.flatMap(({ items }) => items), item])
}

/** Reads which domains there are; they may have become more. */
async function readDomains () {
  const health = await api.health()
  domains = health.domains.map(({ domain }) => domain)
  answers = new Map(domains.map((domain, i) => [
    domain, answers.get(domain) ?? createAnswer(domain, i, (item, of) => why.explain(item, of, ask())),
  ]))
  $('answers').replaceChildren(...[...answers.values()].map(({ card }) => card))
  const chosen = $('cold-domain').value
  $('cold-domain').replaceChildren(...domains.map((domain) => el('option', { value: domain }, domain)))
  if (domains.includes(chosen)) $('cold-domain').value = chosen
  return health
}

async function start () {
  $('trouble').hidden = true
  const about = await api.playground()
  const health = await readDomains()
  $('key-form').hidden = true
  $('shop').hidden = false
  const items = health.domains.reduce((sum, one) => sum + one.items, 0)
  const fact = (name, value) => el('div', {}, el('dt', {}, name), el('dd', {}, value))
  $('facts').replaceChildren(
    fact('Model', about.model.name), fact('Version', about.model.version), fact('System', about.system),
    fact('Items', `${items.toLocaleString('en')} in ${domains.length} shops`))
  $('notice').hidden = !about.generated
  $('notice').textContent = 'This shop is made up: no person, no brand and no product in it is real.'
  $('cold').hidden = !about.mayWrite
  $('open').hidden = !about.mayWrite || health.newDomains !== 'on'
  await chart.load(domains)
  await refresh()
}

$('key-form').addEventListener('submit', (event) => {
  event.preventDefault()
  api.setKey($('key').value.trim())
  $('key').value = ''
  begin()
})

function begin () {
  start().catch((error) => {
    if (error.status === 401 || error.status === 403) {
      api.setKey(undefined)
      const asked = !$('key-form').hidden
      $('key-form').hidden = false
      $('key').focus()
      if (!asked) return
    }
    show(error)
  })
}

session.onChange(() => { refresh() })
$('clear').addEventListener('click', () => {
  session.clear()
  $('query').focus()
})
$('example').addEventListener('click', () => { pickExample().catch(show) })
for (const id of ['user', 'text']) $(id).addEventListener('change', () => { refresh() })
startSearch(() => domains, show)
startAdding({
  domains: () => domains,
  ask,
  show,
  added,
  refresh,
  forget: chart.forget,
  async opened () {
    await readDomains()
    await chart.load(domains)
    await refresh()
  },
})
begin()
