import { describe, expect, it } from 'vitest'
import { isLoopback, serviceConfig } from '../../src/config/service-config.ts'

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
      requestTimeoutMs: 250,
    })
  })

  it('takes a flag before its variable, and blank for absent', () => {
    expect(serviceConfig({ PORT: '1', HOST: ' ' }, { port: '0' })).toMatchObject({ port: 0, host: '127.0.0.1' })
    expect(serviceConfig({ DATA_DIR: '/a' }, { 'data-dir': '/b' }).dataDir).toBe('/b')
  })

  it.each([
    ['PORT', 'http'], ['PORT', '65536'], ['PORT', '-1'], ['METRICS_PORT', '1.5'], ['ORT_PROVIDER', 'gpu'],
    ['RETRIEVAL', 'cluster'], ['LOG_LEVEL', 'INFO'], ['REQUEST_TIMEOUT_MS', '9'], ['MAX_IN_FLIGHT', '0'],
    ['SHUTDOWN_TIMEOUT_MS', '1e3'], ['REDIS_URL', 'redis://localhost'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => serviceConfig({ [name]: value })).toThrow(expect.objectContaining({
      code: 'config_invalid', place: { field: name },
    }))
  })

  it('knows which addresses only this machine reaches', () => {
    expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com'].some(isLoopback)).toBe(false)
  })
})
