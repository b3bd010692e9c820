import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { type PopularList, readPopular } from '../../src/recommend/popular.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'

let tiny: TinyBundle
let popular: PopularList
beforeAll(async () => {
  tiny = await writeTinyBundle()
  const engine = await openEngine(await openBundle(tiny.root), { provider: 'cpu' })
  popular = await readPopular(engine)
  await engine.close()
})
afterAll(async () => await tiny.close())

const ids = (domain: string, want: Partial<Parameters<PopularList['top']>[1]> = {}): string[] =>
  popular.top(domain, { k: 3, without: new Set(), ...want }).map(({ itemId }) => itemId)

describe('popular items without an engine', () => {
  it('come from the bundle, best first, ranked from 1', () => {
    expect(ids('cloth')).toEqual(['cloth-0000', 'cloth-0001', 'cloth-0002'])
    expect(popular.top('sport', { k: 2, without: new Set(['sport-0000']) })).toMatchObject([
      { itemId: 'sport-0001', rank: 1, domain: 'sport' }, { itemId: 'sport-0002', rank: 2 },
    ])
  })

  it('keep to a filter as the engine does', () => {
    expect(ids('sport', { filter: { brand: ['Cirrus'] } })).toEqual(['sport-0002', 'sport-0005', 'sport-0008'])
    expect(ids('sport', { filter: { priceMin: 62 } })).toEqual(['sport-0057', 'sport-0058', 'sport-0059'])
    expect(ids('sport', { filter: { ingestedAfter: 0 } })).toEqual([])
    expect(ids('sport', { filter: {} })).toHaveLength(3)
  })

  it('are none in a domain that is not there', () => {
    expect(ids('garden')).toEqual([])
  })

  it('leave out what was deleted since', () => {
    popular.remove('cloth-0001')
    expect(ids('cloth')).toEqual(['cloth-0000', 'cloth-0002', 'cloth-0003'])
  })
})
