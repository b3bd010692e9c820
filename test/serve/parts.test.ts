import { describe, expect, it } from 'vitest'
import { IsthmusError } from '../../src/errors.ts'
import { cleanLine, cleanText } from '../../src/serve/clean-text.ts'
import { isTooDeep } from '../../src/serve/json-depth.ts'
import { createKeyedLock } from '../../src/serve/keyed-lock.ts'
import { requestIdOf } from '../../src/serve/plugins/request-id.ts'
import { retryPending } from '../../src/serve/retry-pending.ts'
import { createRouteTable } from '../../src/serve/route-table.ts'
import { welcome } from '../../src/serve/welcome.ts'

describe('clean text', () => {
  it('is composed and trimmed', () => {
    expect(cleanLine(' cafe\u0301 ')).toBe('caf\u00e9')
    expect(cleanText('one\n\ttwo', 100)).toBe('one\n\ttwo')
  })

  it('keeps scripts that need marks and joiners', () => {
    for (const text of ['नमस्ते', 'שָׁלוֹם', 'Việt', '👩‍👩‍👧', 'می‌خواهم']) expect(cleanLine(text)).toBe(text.normalize('NFC'))
  })

  it('is no text where it hides, steers or piles up', () => {
    for (const text of ['', '\u200b', 'a\u202eb', 'a\u0000', 'a\nb', 'a' + '\u0335'.repeat(9), '\u3164', '\ue000']) {
      expect(cleanLine(text)).toBeUndefined()
    }
  })
})

describe('the depth of JSON', () => {
  it.each([
    ['[[]]', 2, false], ['[[]]', 1, true], ['{"a":[{}]}', 2, true], ['"[[[["', 0, false], ['"\\"[[["', 0, false],
    ['[],[],[]', 1, false],
  ])('of %s is over %i: %s', (text, limit, wanted) => {
    expect(isTooDeep(Buffer.from(text), limit)).toBe(wanted)
  })
})

describe('the keyed lock', () => {
  it('runs tasks of one key in order, others at once, and keeps nothing', async () => {
    const lock = createKeyedLock()
    const order: string[] = []
    let release = (): void => {}
    const first = lock.run(['a', 'b'], async () => {
      await new Promise<void>((resolve) => { release = resolve })
      order.push('first')
    })
    const second = lock.run(['b'], async () => { order.push('second') })
    await lock.run(['c'], async () => { order.push('other') })
    release()
    await Promise.all([first, second])
    expect(order).toEqual(['other', 'first', 'second'])
    expect(lock.size).toBe(0)
  })

  it('goes on after a task that failed', async () => {
    const lock = createKeyedLock()
    const failed = lock.run(['a'], async () => { throw new Error('broken on purpose') })
    const next = lock.run(['a'], async () => 'done')
    await expect(failed).rejects.toThrow('broken')
    expect(await next).toBe('done')
  })
})

describe('the route table', () => {
  it('knows methods by path, whatever stands for a parameter', () => {
    const table = createRouteTable()
    table.add({ url: '/items/:itemId', method: 'GET', config: { scope: 'read' } })
    table.add({ url: '/items/:itemId', method: ['DELETE'], config: { scope: 'write' } })
    table.add({ url: '/items', method: 'POST', config: { scope: 'write' } })
    expect(table.allowed('/items/a%20b?x=/items')).toEqual(['DELETE', 'GET'])
    expect(table.allowed('/items')).toEqual(['POST'])
    expect(table.allowed('/items/a/b')).toEqual([])
    expect(table.all().map(({ method, scope }) => `${method} ${scope}`)).toEqual(['GET read', 'DELETE write', 'POST write'])
  })

  it('takes no route that does not say who may use it', () => {
    const table = createRouteTable()
    table.add({ url: '/forgotten', method: 'GET' })
    expect(() => table.all()).toThrow('GET /forgotten names no scope')
  })
})

describe('a request id', () => {
  it('is the caller\'s own where it may stand in a log', () => {
    expect(requestIdOf({ headers: { 'x-request-id': 'abc-1234.x_y' } })).toBe('abc-1234.x_y')
    for (const bad of ['short', 'x'.repeat(65), 'a\r\nb-12345', 'a b c d e f', 'ünïcödé-1']) {
      expect(requestIdOf({ headers: { 'x-request-id': bad } })).toMatch(/^[0-9a-f]{8}-/)
    }
  })
})

describe('pending items', () => {
  it('are tried again with waits that double, and at once shorter when it works', async () => {
    const stop = new AbortController()
    const waits: number[] = []
    const results = [undefined, undefined, 3, 0]
    const catalogue = {
      pending: 5,
      async retryPending () {
        const result = results.shift()
        if (result === undefined) throw new IsthmusError('embedder_failed', 'broken on purpose')
        return result
      },
    }
    await retryPending(catalogue, { warn: () => {}, info: () => {} }, stop.signal, async (ms) => {
      waits.push(ms)
      if (waits.length === 5) {
        stop.abort()
        throw stop.signal.reason
      }
    })
    expect(waits).toEqual([1000, 2000, 4000, 1000, 1000])
  })
})

describe('the welcome', () => {
  it('quotes ids for a shell', () => {
    const text = welcome({
      address: 'http://127.0.0.1:1',
      model: { name: 'm', version: 'v' },
      generated: false,
      domains: ['a&b'],
      dataDir: 'data/m',
      playground: false,
      missing: ['something'],
      examples: { userId: "o'neil", itemIds: ['i1'] },
    })
    expect(text).toContain('-d \'{"userId":"o\'\\\'\'neil","k":3}\'')
    expect(text).toContain('recommend?domain=a%26b')
    expect(text).not.toContain('generated')
    expect(text).toContain('In a browser: http://127.0.0.1:1/docs')
    expect(text).toContain('  something')
  })
})
