// What was picked, oldest first. Everything else listens.

let items = []
const listeners = []

export const session = {
  get items () { return items },
  has: (itemId) => items.some((item) => item.itemId === itemId),
  add (item) {
    if (session.has(item.itemId)) return
    set([...items, { itemId: item.itemId, domain: item.domain, title: item.title }])
  },
  addAll (more) {
    set([...items, ...more.filter(({ itemId }) => !session.has(itemId))])
  },
  remove (itemId) {
    if (session.has(itemId)) set(items.filter((item) => item.itemId !== itemId))
  },
  clear: () => set([]),
  onChange: (listener) => listeners.push(listener),
}

function set (next) {
  items = next
  for (const listener of listeners) listener()
}
