import { domainRatio } from '../data/domain-ratio.ts'

/** How a user's choices are spread over two kinds of products. */
export interface Leaning {
  /** Which of the five options it is. */
  readonly option: number
  /** What the products of the two sides are called; the first named first where there are as many of either. */
  readonly larger: string
  readonly smaller: string
  /** The option in words, before a model says it anew. */
  readonly text: string
}

/** The five options of LLM-EDT (3.4.2); their words are ours. */
const OPTIONS: ReadonlyArray<(larger: string, smaller: string) => string> = [
  (larger, smaller) => `your choices are spread evenly over ${larger} and ${smaller}`,
  (larger) => `you lean slightly towards ${larger}`,
  (larger, smaller) => `${larger} clearly outweighs ${smaller}`,
  (larger, smaller) => `most of your choices are in ${larger}, few in ${smaller}`,
  (larger, smaller) => `nearly all your choices are in ${larger}; the rare signs about ${smaller} matter most`,
]

const REST = 'everything else'

/**
 * How the choices are spread as seen from domain `k`: over the two domains that there are, or over it and the rest.
 * @param counts real training events by domain
 * @param nouns  what each domain's products are called
 */
export function leaningOf (counts: readonly number[], nouns: readonly string[], k: number): Leaning {
  const [a, b] = counts.length === 2
    ? [0, 1].map((at) => ({ count: counts[at]!, noun: nouns[at]! }))
    : [
        { count: counts[k]!, noun: nouns[k]! },
        { count: counts.reduce((sum, count) => sum + count, 0) - counts[k]!, noun: REST },
      ]
  const { option, dominant } = domainRatio(a!.count, b!.count)
  const [larger, smaller] = dominant === 'b' ? [b!.noun, a!.noun] : [a!.noun, b!.noun]
  return { option, larger, smaller, text: OPTIONS[option]!(larger, smaller) }
}
