import type { TextEmbedder } from '../llm/embedder.ts'
import { itemText } from '../llm/item-prompt.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'
import { unitRows } from '../numeric/cosine.ts'
import { scoreGenerated } from './filter.ts'
import type { Score, UnitRows } from './filter.ts'
import { pickRows } from './neighbours.ts'
import type { Candidate } from './read-answers.ts'

/** Who embeds items, and how an item becomes a text. */
export interface ItemEmbedder {
  readonly embedder: TextEmbedder
  readonly prompt: ItemPrompt
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number) => void
}

/** Texts embedded and scored at a time: bounds memory, whatever the number of users. */
const TEXTS_AT_ONCE = 4_096

/** Raw vectors of generated items by the embedder of the catalogue, as the texts of its items. */
export async function embedCandidates (
  candidates: readonly Candidate[], { embedder, prompt, signal, onProgress }: ItemEmbedder
): Promise<UnitRows> {
  const texts = candidates.map(({ item }) => itemText(prompt, item.domain, item).text)
  const rows = await embedder.embed(texts, { ...(signal && { signal }), ...(onProgress && { onProgress }) })
  return { rows, width: embedder.width }
}

/**
 * Those that were not dropped, with their scores. A question's candidates stand together.
 * @param texts  unit vectors of the catalogue, row g - 1 for global id g
 */
export async function scoreCandidates (
  candidates: readonly Candidate[], texts: UnitRows, items: ItemEmbedder
): Promise<Candidate[]> {
  const scores = new Map<Candidate, Score>()
  let done = 0
  for (const part of portions(candidates.filter(({ outcome }) => outcome === 'kept'))) {
    const { onProgress } = items
    const before = done
    const { rows, width } = await embedCandidates(part, {
      ...items, ...(onProgress && { onProgress: (count) => onProgress(before + count) }),
    })
    const unit = unitRows(rows, width)
    for (const [from, to] of runs(part)) {
      const { source, target } = part[from]!.direction
      const side = (ids: readonly { readonly id: number }[]): UnitRows => pickRows(texts, ids.map(({ id }) => id - 1))
      const generated = { rows: unit.subarray(from * width, to * width), width }
      for (const [i, score] of scoreGenerated(generated, side(source), side(target)).entries()) {
        scores.set(part[from + i]!, score)
      }
    }
    done += part.length
  }
  return candidates.map((one) => {
    const score = scores.get(one)
    return score === undefined ? one : { ...one, score }
  })
}

/** Cut where a question ends. */
function * portions (candidates: readonly Candidate[]): Generator<Candidate[], void> {
  let part: Candidate[] = []
  for (const [from, to] of runs(candidates)) {
    if (part.length + to - from > TEXTS_AT_ONCE && part.length > 0) {
      yield part
      part = []
    }
    part.push(...candidates.slice(from, to))
  }
  if (part.length > 0) yield part
}

/** Where each question's candidates begin and end. */
function runs (candidates: readonly Candidate[]): Array<[from: number, to: number]> {
  const found: Array<[number, number]> = []
  for (let from = 0, to = 0; from < candidates.length; from = to) {
    for (to = from + 1; candidates[to]?.direction === candidates[from]!.direction;) to++
    found.push([from, to])
  }
  return found
}
