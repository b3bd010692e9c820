import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { costOf, parsePrices } from '../../src/llm/prices.ts'
import { estimateTokens, mostTokens } from '../../src/llm/tokens.ts'

const file = { asOf: '2026-01-31', batch: 0.5, models: { ours: { input: 2, output: 8 }, vectors: { input: 0.1 } } }
const usage = { input: 500_000, output: 250_000 }

describe('prices', () => {
  it('are for a million tokens each way, and for batches a share of it', () => {
    const prices = parsePrices(file)
    expect(costOf(prices, { model: 'ours', usage, batch: false })).toBeCloseTo(3)
    expect(costOf(prices, { model: 'ours', usage, batch: true })).toBeCloseTo(1.5)
    expect(costOf(prices, { model: 'vectors', usage, batch: false })).toBeCloseTo(0.05)
    expect(costOf(prices, { model: 'another', usage, batch: false })).toBeUndefined()
  })

  it('stand in a dated file of the project', () => {
    const { asOf, models } = parsePrices(JSON.parse(readFileSync(new URL('../../config/llm-prices.json', import.meta.url), 'utf8')))
    expect(Date.parse(asOf)).toBeLessThan(Date.now())
    for (const model of ['gpt-4o-mini', 'text-embedding-3-small']) expect(models.has(model)).toBe(true)
  })

  it.each([
    ['prices', []], ['prices.asOf', { ...file, asOf: 'today' }], ['prices.batch', { ...file, batch: '50 %' }],
    ['prices.models', { ...file, models: 1 }], ['prices.models.a.input', { ...file, models: { a: { output: 1 } } }],
    ['prices.models.a.output', { ...file, models: { a: { input: 1, output: -1 } } }],
  ])('name %s where it is wrong', (field, value) => {
    expect(() => parsePrices(value)).toThrow(expect.objectContaining({ code: 'config_invalid', place: { field } }))
  })
})

describe('the estimate of tokens', () => {
  /** Counted with o200k_base. */
  it.each([
    ['Keurig B60 Special Edition Brewing System', 9],
    ['Größe XL Wanderschuhe für Damen, wasserdicht', 12],
    ['登山靴 防水 男性用 28cm 軽量', 15],
    ['Треккинговые ботинки мужские водонепроницаемые', 16],
  ])('is near what a tokeniser counts, and below the most: %s', (text, counted) => {
    expect(estimateTokens(text)).toBeGreaterThan(counted * 0.7)
    expect(estimateTokens(text)).toBeLessThan(counted * 1.9)
    expect(mostTokens(text)).toBeGreaterThan(counted)
  })
})
