import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newKey } from '../../src/config/api-keys.ts'
import { type Environment, serviceConfig } from '../../src/config/service-config.ts'
import type { ServiceProbes } from '../../src/doctor/checks.ts'
import { serviceProbes } from '../../src/doctor/service-probes.ts'
import { openStore } from '../../src/state/embedded/open-store.ts'
import { SEAL_FILE } from '../../src/state/embedded/seal.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'

describe('a look at what the service would use', () => {
  let tiny: TinyBundle
  let root: string
  let taken: Server
  beforeEach(async () => {
    tiny = await writeTinyBundle({ itemsPerDomain: 12 })
    root = await mkdtemp(join(tmpdir(), 'isthmus-doctor-'))
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
  })
  afterEach(async () => {
    taken.close()
    await tiny.close()
    await rm(root, { recursive: true, force: true })
  })
  const port = (): string => String((taken.address() as AddressInfo).port)
  const look = (env: Environment = {}): ServiceProbes => {
    const all = { BUNDLE: tiny.root, DATA_DIR: join(root, 'data'), PORT: '0', ...env }
    return serviceProbes(() => serviceConfig(all), all)
  }

  it('checks the settings as the service does', async () => {
    await expect(look({ METRICS_PORT: '9' }).settings()).resolves.toContain('listens at 127.0.0.1:0, metrics at 9; provider auto')
    await expect(look({ HOST: '0.0.0.0' }).settings()).rejects.toThrow('API_KEYS')
  })

  it('names keys and their scopes, never a hash', async () => {
    const { entry } = newKey('shop', 'read,write')
    const said = await look({ API_KEYS: `${entry} ${newKey('old', 'revoked').entry}` }).keys()
    expect(said).toBe('shop (read, write); old (revoked)')
    await expect(look().keys()).rejects.toThrow('this machine alone')
    await expect(look({ HOST: '0.0.0.0', ALLOW_NO_KEYS: '1' }).keys()).rejects.toThrow('may be reached by others')
  })

  it('holds every file of the bundle against its hash', async () => {
    await expect(look().bundle()).resolves
      .toMatch(/12 sport, 12 cloth; \d+ files are as their hashes say; encoders in float32$/)
    await writeFile(join(tiny.dir, 'golden.json'), '{}')
    await expect(look().bundle()).rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
  })

  it('says where encoders are in int8, and what that costs', async () => {
    const worth = (all: number) => ({ all, domains: { sport: all, cloth: all } })
    const int8 = { taken: true, limit: 0.005, users: 20, ndcg10: { float32: worth(0.2), int8: worth(0.1999) } }
    const small = await writeTinyBundle({ itemsPerDomain: 12, int8 })
    await expect(look({ BUNDLE: small.root }).bundle()).resolves.toContain(
      'encoders in int8; NDCG@10 on validation is 0.20000 in float32, 0.19990 in int8')
    await small.close()
  })

  it('says who embeds texts, and what that one lacks', async () => {
    await expect(look().embedder()).rejects.toThrow('no embedder here makes vectors of hash/384')
    const other = await writeTinyBundle({ itemsPerDomain: 12, embedder: { id: 'openai/text-embedding-3-small/384', width: 384 } })
    await expect(look({ BUNDLE: other.root }).embedder()).rejects.toThrow('OPENAI_API_KEY')
    await expect(look({ BUNDLE: other.root, OPENAI_API_KEY: 'secret' }).embedder()).resolves.not.toContain('secret')
    await other.close()
  })

  it('tells the room on the disk, and makes nothing', async () => {
    const deep = join(root, 'a', 'b')
    await expect(look({ DATA_DIR: deep }).dataDir()).resolves.toMatch(/to be made\): [\d.]+ GiB free/)
    await expect(look({ DATA_DIR: deep }).dataDir()).resolves.toContain('to be made')
    await writeFile(join(root, 'file'), '')
    await expect(look({ DATA_DIR: join(root, 'file') }).dataDir()).rejects.toThrow('is no folder')
    await expect(look({ DATA_DIR: '/proc/1/data' }).dataDir()).rejects.toThrow()
  })

  it('sees who has the journal, and how it was left, and does not take it', async () => {
    await expect(look().journal()).resolves.toBe('none yet')
    const store = await openStore(join(root, 'data'))
    await expect(look().journal()).rejects.toThrow('in use by another process')
    await store.close()
    await expect(look().journal()).resolves.toContain('closed in order')
    await rm(join(root, 'data', SEAL_FILE))
    await expect(look().journal()).resolves.toContain('not closed')
    await (await openStore(join(root, 'data'))).close()
  })

  it('asks the Redis that is configured, and names no password', async () => {
    await expect(look().redis()).rejects.toThrow('not configured')
    const error: unknown = await look({ REDIS_URL: 'redis://:hush@127.0.0.1:1' }).redis().catch((error: unknown) => error)
    expect(String(error)).toBe('Error: nothing answers: single at 127.0.0.1:1')
  })

  it('sees whether ports are free', async () => {
    await expect(look().ports()).resolves.toBe('0 is free')
    await expect(look({ PORT: port() }).ports()).rejects.toThrow('EADDRINUSE')
    await expect(look({ METRICS_PORT: port() }).ports()).rejects.toThrow(`127.0.0.1:${port()}`)
  })
})
