// What the page asks of the service. The key, where one is needed, lives in this module's memory and nowhere else.

let key

/** Uses a key from now on, or none. */
export function setKey (value) {
  key = value
}

/** A refusal of the service: its status and code, and a sentence for people. */
export class Refused extends Error {
  constructor (status, { title = 'The service did not answer as expected', code = 'unknown', errors = [] }) {
    const where = errors.map(({ pointer }) => pointer).filter((pointer) => pointer !== '').join(', ')
    super(`${title} (${code}${where === '' ? '' : ` at ${where}`})`)
    this.status = status
    this.code = code
  }
}

async function ask (method, url, { body, signal } = {}) {
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, headers, signal, ...sent })
  const text = await response.text()
  const answer = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw new Refused(response.status, answer ?? {})
  return answer
}

const path = encodeURIComponent

export const health = () => ask('GET', '/health')
export const playground = () => ask('GET', '/playground')
export const chart = () => ask('GET', '/chart')
export const places = (itemIds) => ask('POST', '/chart', { body: { itemIds } })
export const postItem = (item) => ask('POST', '/items', { body: item })
export const postItems = (items) => ask('POST', '/items', { body: { items } })
export const deleteItem = (itemId) => ask('DELETE', `/items/${path(itemId)}`)
export const similar = (itemId, domain, k) => ask('GET', `/items/${path(itemId)}/similar?domain=${path(domain)}&k=${k}`)

/** The answer, and how long it took to come, in milliseconds. */
export async function recommend (domain, body, signal) {
  const start = performance.now()
  const answer = await ask('POST', `/recommend?domain=${path(domain)}`, { body, signal })
  return { ...answer, ms: performance.now() - start }
}

/** Up to `k` items whose titles hold the words. A call reads a part of a large catalogue, so that a few are made. */
export async function search (domain, query, k, signal) {
  const items = []
  let from = 0
  for (let calls = 0; calls < 10 && items.length < k && from !== undefined; calls++) {
    const url = `/items?domain=${path(domain)}&query=${path(query)}&k=${k - items.length}&from=${from}`
    const answer = await ask('GET', url, { signal })
    items.push(...answer.items)
    from = answer.next
  }
  return { items, more: from !== undefined }
}
