// The page of GET /: asks POST /recommend and shows the answer. Text from the service is set as text, never as markup.
const $ = (id) => document.getElementById(id)

async function ask (url, options) {
  const response = await fetch(url, options)
  const answer = await response.json()
  if (!response.ok) throw new Error(`${answer.title} (${answer.code})`)
  return answer
}

async function start () {
  const { model, domains } = await ask('/health')
  $('model').textContent = `${model.name} ${model.version}`
  $('domain').replaceChildren(...domains.map(({ domain, items }) => new Option(`${domain} (${items} items)`, domain)))
}

async function recommend () {
  const itemIds = $('session').value.split(/[\s,]+/).filter((id) => id !== '')
  const body = {
    ...($('user').value === '' ? {} : { userId: $('user').value }),
    ...(itemIds.length === 0 ? {} : { history: itemIds.map((itemId) => ({ itemId })) }),
    ...($('text').value === '' ? {} : { profileText: $('text').value }),
  }
  const answer = await ask(`/recommend?domain=${encodeURIComponent($('domain').value)}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  const reasons = answer.degraded ? `, degraded: ${answer.degradedReasons.join(', ')}` : ''
  $('basis').textContent = `Rests on: ${answer.basis} (${answer.historyUsed} items known, ` +
    `${answer.historyUnknown} unknown)${reasons}`
  $('items').replaceChildren(...answer.items.map(({ itemId, title, score }) => {
    const row = document.createElement('li')
    const detail = document.createElement('small')
    detail.textContent = ` ${itemId}, ${score.toFixed(4)}`
    row.append(title ?? itemId, detail)
    return row
  }))
}

function show (error) {
  $('items').replaceChildren()
  $('basis').textContent = error.message
}

$('form').addEventListener('submit', (event) => {
  event.preventDefault()
  recommend().catch(show)
})
start().catch(show)
