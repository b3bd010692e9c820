import { IsthmusError } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { estimateTokens } from '../llm/tokens.ts'
import { createBreaker } from '../state/shared/breaker.ts'

export interface EmbedderGuard {
  /** Tokens, as estimated, that may be sent in one day (UTC) by this process; 0: as many as come. */
  readonly tokensPerDay: number
  /** Told of each call that is sent. */
  readonly onTokens?: (tokens: number) => void
  /** Unix milliseconds. */
  readonly now?: () => number
  /** Monotonic milliseconds. */
  readonly elapsed?: () => number
}

const DAY_MS = 86_400_000

/**
 * Stands before an endpoint of embeddings: one that keeps failing is left alone but for a probe a second, and callers
 * fail at once with `embedder_failed`; what would cost more than a day may fails with `embedding_budget_exhausted`. A
 * call counts when it is sent, since an endpoint may charge for what it did not answer.
 */
export function guardEmbedder (embedder: TextEmbedder, guard: EmbedderGuard): TextEmbedder {
  const { tokensPerDay, onTokens = () => {}, now = Date.now, elapsed } = guard
  const breaker = createBreaker(elapsed, () => new IsthmusError('embedder_failed', 'the endpoint of embeddings keeps failing'))
  let day = 0
  let sent = 0

  const checkBudget = (tokens: number): void => {
    const today = Math.floor(now() / DAY_MS)
    if (today !== day) sent = 0
    day = today
    if (tokensPerDay === 0 || sent + tokens <= tokensPerDay) return
    throw new IsthmusError('embedding_budget_exhausted', 'the embeddings of this day are used up')
  }

  return {
    ...embedder,
    async embed (texts, options) {
      const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0)
      checkBudget(tokens)
      return await breaker.run(async () => {
        sent += tokens
        onTokens(tokens)
        return await embedder.embed(texts, options)
      })
    },
  }
}
