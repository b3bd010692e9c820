import { refuseSetting } from '../errors.ts'
import type { Usage } from './tokens.ts'

/** What tokens cost, as a dated file says. */
export interface Prices {
  /** The day the prices were looked up. */
  readonly asOf: string
  /** Share of the price that a call in a batch costs. */
  readonly batch: number
  /** USD for a million tokens, by model. */
  readonly models: ReadonlyMap<string, Usage>
}

/** Prices from the value of a JSON file. Throws `config_invalid` with the field. */
export function parsePrices (value: unknown): Prices {
  const { asOf, batch, models } = objectOf('prices', value)
  if (typeof asOf !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(asOf)) return refuseSetting('prices.asOf', 'is a date')
  const entries = Object.entries(objectOf('prices.models', models)).map(([model, price]) => {
    const { input, output = 0 } = objectOf(`prices.models.${model}`, price)
    const field = `prices.models.${model}`
    return [model, { input: amount(`${field}.input`, input), output: amount(`${field}.output`, output) }] as const
  })
  return { asOf, batch: amount('prices.batch', batch), models: new Map(entries) }
}

/** USD of a call; undefined where the model has no price. */
export function costOf (
  prices: Prices, { model, usage, batch }: { readonly model: string, readonly usage: Usage, readonly batch: boolean }
): number | undefined {
  const price = prices.models.get(model)
  if (price === undefined) return undefined
  return (usage.input * price.input + usage.output * price.output) / 1e6 * (batch ? prices.batch : 1)
}

function objectOf (field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuseSetting(field, 'is a JSON object')
  // An object that is no list: each member is checked where it is read.
  return value as Record<string, unknown>
}

function amount (field: string, value: unknown): number {
  return typeof value === 'number' && value >= 0 && value < Infinity ? value : refuseSetting(field, 'is a number from 0')
}
