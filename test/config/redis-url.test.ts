import { describe, expect, it } from 'vitest'
import { parseRedisUrl } from '../../src/config/redis-url.ts'

const parse = (url: string, options?: { allowInsecure?: boolean }): object => parseRedisUrl(url, 'REDIS_URL', options)

describe('the address of a Redis', () => {
  it('is one server, with a port of its own or the usual one', () => {
    expect(parse('redis://127.0.0.1:6380/3')).toEqual({
      kind: 'single', hosts: [{ host: '127.0.0.1', port: 6380 }], tls: false, db: 3,
    })
    expect(parse('redis://[::1]')).toMatchObject({ hosts: [{ host: '::1', port: 6379 }], db: 0 })
  })

  it('has a user, a password and TLS', () => {
    expect(parse('rediss://shop:p%40ss%2Fw@redis.example:6379')).toEqual({
      kind: 'single',
      hosts: [{ host: 'redis.example', port: 6379 }],
      tls: true,
      db: 0,
      username: 'shop',
      password: 'p@ss/w',
    })
  })

  it('is a master that sentinels know', () => {
    expect(parse('redis+sentinel://:pw@localhost:26380,localhost/shop/2?sentinelPassword=s%20p')).toEqual({
      kind: 'sentinel',
      hosts: [{ host: 'localhost', port: 26380 }, { host: 'localhost', port: 26379 }],
      tls: false,
      db: 2,
      password: 'pw',
      sentinelPassword: 's p',
      master: 'shop',
    })
  })

  it('is a cluster', () => {
    expect(parse('rediss+cluster://:pw@a:7000,b:7001,c:7002')).toMatchObject({
      kind: 'cluster', tls: true, hosts: [{ host: 'a', port: 7000 }, { host: 'b', port: 7001 }, { host: 'c', port: 7002 }],
    })
  })

  it.each([
    '', 'localhost:6379', 'http://localhost', 'redis://', 'redis://localhost:0', 'redis://localhost:99999',
    'redis://localhost:x', 'redis://localhost,127.0.0.1', 'redis://localhost/x', 'redis+sentinel://localhost',
    'redis+cluster://localhost/1', 'redis://a b', 'redis://:%@localhost', 'redis://:secret@local host',
  ])('is refused where it is %j, without a word of it', (url) => {
    let message = ''
    try {
      parse(url)
    } catch (error) {
      message = (error as Error).message
      expect(error).toMatchObject({ code: 'config_invalid', place: { field: 'REDIS_URL' } })
    }
    expect(message).not.toBe('')
    expect(message).not.toContain('secret')
  })

  it('leads beyond this machine with TLS and a password alone, unless that is allowed', () => {
    for (const url of ['redis://10.0.0.1', 'rediss://10.0.0.1', 'redis://:pw@10.0.0.1', 'redis+cluster://127.0.0.1,10.0.0.1']) {
      expect(() => parse(url)).toThrow('ALLOW_INSECURE_REDIS=1')
      expect(parse(url, { allowInsecure: true })).toMatchObject({ tls: url.startsWith('rediss') })
    }
    expect(parse('rediss://:pw@10.0.0.1')).toMatchObject({ tls: true })
  })
})
