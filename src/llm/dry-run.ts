import type { ChatModel } from './chat-model.ts'
import type { TextEmbedder } from './embedder.ts'
import { costOf } from './prices.ts'
import type { Prices } from './prices.ts'
import type { Asker } from './remote-chat.ts'
import { estimateTokens } from './tokens.ts'
import type { Usage } from './tokens.ts'

/** What is still to be asked of one model, in calls (of a chat model) or texts (of an embedder). */
export interface Expected extends Usage {
  readonly model: string
  readonly asks: number
  /** Tokens that come back where every answer is as long as it may be. */
  readonly mostOutput: number
}

/** Counts before the first call. */
export interface Estimate {
  readonly expected: readonly Expected[]
  add: (expected: Expected) => void
}

/** An estimate in which nothing is counted yet. */
export function createEstimate (): Estimate {
  const models = new Map<string, Expected>()
  return {
    get expected () { return [...models.values()] },
    add (more) {
      const sum = models.get(more.model)
      models.set(more.model, sum === undefined
        ? more
        : {
            model: more.model,
            asks: sum.asks + more.asks,
            input: sum.input + more.input,
            output: sum.output + more.output,
            mostOutput: sum.mostOutput + more.mostOutput,
          })
    },
  }
}

/**
 * Asks nobody: counts each request that is not in the cache, and goes on with what `standIn` answers, so that later
 * questions, which hold earlier answers, are about as long as they will be.
 */
export function dryAsker (model: string, standIn: ChatModel, estimate: Estimate): Asker {
  return async (requests, keep, signal) => {
    const answers = await standIn.complete(requests.map(({ task }) => task), { ...(signal && { signal }) })
    for (const [i, request] of requests.entries()) {
      const { system, user } = request.template.fill(request.task.values)
      const text = JSON.stringify(answers[i]!.value ?? null)
      const [input, output] = [estimateTokens(system + user), estimateTokens(text)]
      estimate.add({ model, asks: 1, input, output, mostOutput: request.template.maxTokens })
      await keep(request, { text, finish: 'stop', input, output })
    }
  }
}

/** Embeds nothing: counts the texts of a call that `known` does not know, each once, and gives rows of zeros. */
export function dryEmbedder (
  { id, width }: Pick<TextEmbedder, 'id' | 'width'>, model: string, known: (text: string) => boolean, estimate: Estimate
): TextEmbedder {
  return {
    id,
    width,
    async embed (texts, { onProgress } = {}) {
      for (const text of new Set(texts)) {
        if (!known(text)) estimate.add({ model, asks: 1, input: estimateTokens(text), output: 0, mostOutput: 0 })
      }
      onProgress?.(texts.length)
      return new Float32Array(texts.length * width)
    },
    close: async () => {},
  }
}

/** Lines for people: what a run will ask and cost, by these prices. */
export function estimateLines (expected: readonly Expected[], prices: Prices): string[] {
  if (expected.length === 0) return ['nothing to pay for: no call is left to be made']
  const lines = expected.map(({ model, asks, input, output, mostOutput }) => {
    const usd = costOf(prices, { model, usage: { input, output }, batch: false })
    const most = costOf(prices, { model, usage: { input, output: mostOutput }, batch: false })
    const cost = usd === undefined || most === undefined
      ? 'no price known'
      : `about ${dollars(usd)}${most > usd ? `, at most about ${dollars(most)}` : ''}`
    return `${model}: ${asks} ${mostOutput > 0 ? 'calls' : 'texts'}, about ${input} tokens in and ${output} out: ${cost}`
  })
  const total = expected.reduce((sum, { model, input, output }) =>
    sum + (costOf(prices, { model, usage: { input, output }, batch: false }) ?? 0), 0)
  return [...lines, `together about ${dollars(total)} at the prices of ${prices.asOf}; chat calls by --batch cost ` +
    `${Math.round(100 * prices.batch)} % of theirs. Tokens are estimated; what is in the cache costs nothing.`]
}

function dollars (usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`
}
