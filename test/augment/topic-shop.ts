import type { Dataset, Item } from '../../src/data/dataset.ts'
import { itemPrompt, itemText } from '../../src/llm/item-prompt.ts'
import type { ItemTexts } from '../../src/systems/initial-weights.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'
import { faithfulShop } from '../train/planted.ts'

/** Of the texts' vectors. */
export const WIDTH = 48

/** Users true to one of four topics in two domains A and B; titles say the topic, vectors are as `embed` makes them. */
export async function topicShop (users = 40): Promise<{ dataset: Dataset, texts: ItemTexts }> {
  const { dataset } = faithfulShop({ users, length: 4 })
  const size = dataset.domains[0]!.size
  const items = dataset.items.map((item, i): Item => {
    const topic = Math.floor((i % size) / 8)
    return { ...item, title: `topic${topic} topical${topic} ${item.domain} article ${i}` }
  })
  const prompt = itemPrompt(['A', 'B'])
  const rows = await hashEmbedder({ width: WIDTH }).embed(items.map((item) => itemText(prompt, item.domain, item).text))
  return { dataset: { ...dataset, items }, texts: { width: WIDTH, rows } }
}

/** The same shop with other last two events of every user. */
export function poisoned (dataset: Dataset): Dataset {
  const events = dataset.events.slice()
  for (const user of dataset.users.keys()) {
    const end = dataset.offsets[user + 1]!
    events[end - 1] = 1 + (events[end - 1]! % dataset.items.length)
    events[end - 2] = 1 + ((events[end - 2]! + 6) % dataset.items.length)
  }
  return { ...dataset, events }
}
