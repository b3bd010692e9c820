import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/paths.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { type Answer, type ServiceProcess, startProcess } from './process.ts'

const SESSION = [{ itemId: 'cloth-0001' }, { itemId: 'sport-0001' }]
const driver = await findHnswDriver()
const inCi = process.env.CI !== undefined
const present = existsSync(join(packageRoot, 'models/demo/CURRENT'))

describe.each(['exact', 'hnsw'] as const)('the demo bundle, RETRIEVAL=%s', (retrieval) => {
  // Absent on a machine where nothing was trained or built yet; CI has both, and fails without.
  const reason = !present ? 'models/demo is not there' : retrieval === 'hnsw' && driver === undefined ? 'hnswlib-node is not there' : ''
  describe.skipIf(reason !== '' && !inCi)(`is served${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
    let dataDir: string
    let service: ServiceProcess
    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'isthmus-demo-'))
      service = await startProcess({ DATA_DIR: dataDir, RETRIEVAL: retrieval })
    })
    afterAll(async () => {
      await service?.stop()
      await rm(dataDir, { recursive: true, force: true })
    })

    const ask = async (body: object, domain = 'sport'): Promise<Answer> => {
      const answer = await service.post(`/recommend?domain=${domain}`, body)
      expect(answer.status).toBe(200)
      return answer.body
    }

    it('with the index that was asked for', async () => {
      const health = await (await service.get('/health')).json() as { domains: Array<{ retrieval: string }> }
      expect(health.domains.map((one) => one.retrieval)).toEqual([retrieval, retrieval])
    })

    it.each([
      ['a user', { userId: 'u0001' }, 'history'],
      ['a session', { history: SESSION }, 'history'],
      ['both', { userId: 'u0001', history: SESSION }, 'history'],
      ['a text', { profileText: 'long distance running' }, 'text'],
      ['nobody', {}, 'popular'],
    ])('to %s, in either domain', async (_, body, basis) => {
      for (const domain of ['sport', 'cloth']) {
        const answer = await ask(body, domain)
        expect([answer.basis, answer.degraded]).toEqual([basis, false])
        expect(answer.items.map((item) => item.domain)).toEqual(Array(10).fill(domain))
      }
    })

    it('with an item posted a moment ago in the answer of a session that wants it', async () => {
      const history = ['sport-0088', 'sport-0139', 'cloth-0753'].map((itemId) => ({ itemId }))
      const wanted = (await ask({ history })).items[0]!
      const { brand, categories, price } = await (await service.get(`/items/${wanted.itemId}`)).json() as {
        brand?: string, categories?: string[], price?: number
      }
      const title = `${wanted.title?.split(',')[0] ?? ''}, turquoise`
      const post = async (itemId: string, more: object): Promise<void> => {
        expect(await service.post('/items', { itemId, domain: 'sport', title, ...more })).toMatchObject({
          status: 201, body: { state: 'ready' },
        })
      }
      await post('cold-1', {})
      await post('cold-2', { brand, categories, price })
      const rank = async (k: number): Promise<string[]> => (await ask({ history, k })).items.map(({ itemId }) => itemId)
      // A title alone says less than the rest of the catalogue has: it is among the hundred best, not among the first.
      expect(await rank(100)).toContain('cold-1')
      expect(await rank(10)).toContain('cold-2')
    })

    it('and what a user does changes the next answer', async () => {
      const before = await ask({ userId: 'newcomer' })
      expect(before.basis).toBe('popular')
      await service.post('/events', { events: SESSION.map(({ itemId }) => ({ userId: 'newcomer', itemId })) })
      const after = await ask({ userId: 'newcomer' })
      expect(after.basis).toBe('history')
      const session = await ask({ history: SESSION })
      expect(after.items.map(({ itemId }) => itemId)).toEqual(session.items.map(({ itemId }) => itemId))
    })
  })
})
