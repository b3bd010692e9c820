import { describe, expect, it } from 'vitest'
import { findKey, mayUse, newKey, parseKeys } from '../../src/config/api-keys.ts'

const HASH = 'ab'.repeat(32)
const NO_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('API keys', () => {
  it('are known by their hash, and may do what their entry says', () => {
    const shop = newKey('shop', 'read,write')
    const root = newKey('root', 'admin')
    const keys = parseKeys(`${shop.entry}\n# the operator\n${root.entry}`, 'API_KEYS')
    expect(JSON.stringify(keys)).not.toContain(shop.key)
    const found = findKey(keys, shop.key)
    expect(found?.name).toBe('shop')
    expect((['read', 'write', 'admin', 'metrics'] as const).map((scope) => mayUse(found!, scope))).toEqual([true, true, false, false])
    expect((['read', 'metrics'] as const).map((scope) => mayUse(findKey(keys, root.key)!, scope))).toEqual([true, true])
  })

  it('are nobody\'s where a character is off, however long they are', () => {
    const { key, entry } = newKey('shop', 'read')
    const keys = parseKeys(entry, 'API_KEYS')
    for (const wrong of ['', key.slice(0, -1), `${key}x`, key.toUpperCase(), 'é'.repeat(5000)]) {
      expect(findKey(keys, wrong)).toBeUndefined()
    }
  })

  it('are two of a kind never', () => {
    expect(newKey('a', 'read').key).not.toBe(newKey('a', 'read').key)
    expect(newKey('a', 'read').key).toMatch(/^isk_[A-Za-z0-9_-]{43}$/)
  })

  it.each([
    ['a key in place of its hash', 'shop:read:isk_canary'], ['no scope', `shop::${HASH}`], ['another scope', `shop:root:${HASH}`],
    ['one name twice', `shop:read:${HASH} shop:write:${'cd'.repeat(32)}`], ['one key twice', `a:read:${HASH} b:read:${HASH}`],
    ['the hash of nothing', `shop:read:${NO_HASH}`], ['revoked and not', `shop:revoked+read:${HASH}`],
  ])('are refused with %s, without saying what was there', (_, text) => {
    const failure = (): unknown => {
      try { return parseKeys(text, 'API_KEYS') } catch (error) { return error }
    }
    expect(failure()).toMatchObject({ code: 'config_invalid', place: { field: 'API_KEYS' } })
    expect(String(failure())).not.toContain('canary')
  })
})
