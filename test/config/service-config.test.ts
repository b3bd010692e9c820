import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../src/config/loopback.ts'
import { serviceConfig } from '../../src/config/service-config.ts'

describe('serviceConfig', () => {
  it('serves the demo to this machine alone unless told otherwise', () => {
    expect(serviceConfig({})).toMatchObject({
      bundle: expect.stringMatching(/models[\\/]demo$/),
      host: '127.0.0.1',
      port: 3000,
      dataDir: undefined,
      metricsPort: undefined,
      provider: 'auto',
      retrieval: 'auto',
      userCache: 10_000,
      tracing: 'off',
      requestTimeoutMs: 250,
      playground: true,
    })
  })

  it('takes a flag before its variable, and blank for absent', () => {
    expect(serviceConfig({ PORT: '1', HOST: ' ' }, { port: '0' })).toMatchObject({ port: 0, host: '127.0.0.1' })
    expect(serviceConfig({ DATA_DIR: '/a' }, { 'data-dir': '/b' }).dataDir).toBe('/b')
  })

  it.each([
    ['PORT', 'http'], ['PORT', '65536'], ['PORT', '-1'], ['METRICS_PORT', '1.5'], ['ORT_PROVIDER', 'gpu'],
    ['RETRIEVAL', 'cluster'], ['RETRIEVAL', 'all'], ['LOG_LEVEL', 'INFO'], ['REQUEST_TIMEOUT_MS', '9'],
    ['MAX_IN_FLIGHT', '0'], ['OPEN_DOMAINS', 'yes'],
    ['TRUST_PROXY', 'true'], ['TRUST_PROXY', '0.0.0.0/0'], ['TRUST_PROXY', '::/0'], ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.1,proxy'], ['TRUST_PROXY', '10.0.0.0/8/8'], ['SHUTDOWN_TIMEOUT_MS', '1e3'], ['PLAYGROUND', 'no'], ['REDIS_URL', 'redis://10.0.0.1'], ['API_KEYS', 'secret'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => serviceConfig({ [name]: value })).toThrow(expect.objectContaining({
      code: 'config_invalid', place: { field: name },
    }))
  })

  it('listens beyond this machine with keys alone, unless told', () => {
    const entry = `shop:read+write:${'ab'.repeat(32)}`
    expect(() => serviceConfig({ HOST: '0.0.0.0' })).toThrow(expect.objectContaining({ place: { field: 'API_KEYS' } }))
    expect(serviceConfig({ HOST: '0.0.0.0', API_KEYS: entry }).keys).toMatchObject([{ name: 'shop' }])
    expect(serviceConfig({ HOST: '0.0.0.0', ALLOW_NO_KEYS: '1' }).keys).toEqual([])
  })

  it('believes those proxies that are named, and none otherwise', () => {
    expect(serviceConfig({}).trustedProxies).toEqual([])
    expect(serviceConfig({ TRUST_PROXY: '10.0.0.0/8, fd00::/8,192.0.2.1' }).trustedProxies)
      .toEqual(['10.0.0.0/8', 'fd00::/8', '192.0.2.1'])
  })

  it('reads keys from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-keys-'))
    try {
      const path = join(folder, 'keys')
      await writeFile(path, `# the shop\nshop:read:${'ab'.repeat(32)}\n\nboard:metrics:${'cd'.repeat(32)} # Grafana\n`)
      expect(serviceConfig({ API_KEYS_FILE: path }).keys.map(({ name }) => name)).toEqual(['shop', 'board'])
      await writeFile(path, '# nobody\n')
      for (const API_KEYS_FILE of [path, join(folder, 'none')]) {
        expect(() => serviceConfig({ API_KEYS_FILE })).toThrow(expect.objectContaining({
          code: 'config_invalid', place: { field: 'API_KEYS_FILE' },
        }))
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('knows which addresses only this machine reaches', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com'].some(isLoopback)).toBe(false)
  })
})
