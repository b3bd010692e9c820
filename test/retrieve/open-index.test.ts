import { describe, expect, it } from 'vitest'
import type { Bundle } from '../../src/bundle/open.ts'
import { exitStatus } from '../../src/errors.ts'
import { buildHnsw } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { EXACT_UP_TO, openIndex, type OpenIndexOptions } from '../../src/retrieve/open-index.ts'

const driver = await findHnswDriver()
const facts = { m: 16, efConstruction: 200, efSearch: 200, recall: [{ ef: 400, recall: 1 }], queries: 1, usable: true }
/** [rows, 2] on the unit circle. */
const circle = (rows: number): Float32Array =>
  Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? Math.cos : Math.sin)(Math.floor(i / 2)))
const vectors = circle(50)

function bundle (retrieval: object, bytes: Buffer = Buffer.alloc(0)): Pick<Bundle, 'manifest' | 'has' | 'read'> {
  // The index looks at this one field of the manifest.
  return { manifest: { retrieval } as Bundle['manifest'], has: (path) => path === 'hnsw-sport.bin', read: async () => bytes }
}

async function open (
  choice: OpenIndexOptions['choice'], from: ReturnType<typeof bundle>, more: Partial<OpenIndexOptions> = {}, rows = vectors
): Promise<{ kind: string, said: string[] }> {
  const said: string[] = []
  const index = await openIndex(from, 'sport', rows, 2, { nameOf: String, rowOf: Number }, {
    choice, provider: 'cpu', log: (message) => said.push(message), ...more,
  })
  const { kind } = index
  await index.close()
  return { kind, said }
}

describe('the index of a domain', () => {
  const absent = { findDriver: async () => undefined }
  const large = circle(EXACT_UP_TO.int8 + 1)

  it('is exact without a word where that is asked for, or is the better choice', async () => {
    const from = bundle({ sport: facts })
    expect(await open('exact', from, {}, large)).toEqual({ kind: 'exact', said: [] })
    expect(await open('auto', from)).toEqual({ kind: 'exact', said: [] })
  })

  it.runIf(driver !== undefined)('is the graph where that is asked for and finds enough', async () => {
    for (const choice of ['hnsw', 'hybrid'] as const) {
      const from = bundle({ sport: facts }, await buildHnsw(vectors, 2, driver!))
      expect(await open(choice, from)).toEqual({ kind: choice, said: [] })
    }
  })

  it('is exact, and says so, where the graph finds too little, whoever asks', async () => {
    const from = bundle({ sport: { ...facts, usable: false } })
    const said = ['sport: exact search, because the recall of the HNSW index is below 0.99']
    expect(await open('hnsw', from)).toEqual({ kind: 'exact', said })
    expect(await open('hybrid', from)).toEqual({ kind: 'exact', said })
    expect(await open('auto', from, {}, large)).toEqual({ kind: 'exact', said })
  })

  it('is exact, and says so, where a large catalogue has no graph or nothing that reads it', async () => {
    expect(await open('auto', bundle({}), {}, large)).toEqual({
      kind: 'exact', said: ['sport: exact search, because the bundle has no HNSW index'],
    })
    expect(await open('auto', bundle({ sport: facts }), absent, large)).toEqual({
      kind: 'exact', said: [expect.stringContaining('sport: exact search, because hnswlib-node is not there')],
    })
  })

  it('is refused where it is to lie in Redis, without one, or with vectors of any length', async () => {
    const manifest = { retrieval: {}, name: 'shop', version: 'v', encoder: { itemNorm: 'none' } }
    const from = { ...bundle({}), manifest: manifest as unknown as Bundle['manifest'] }
    await expect(open('cluster', from)).rejects.toMatchObject({ code: 'index_driver_unavailable' })
    const cluster: OpenIndexOptions['cluster'] = {
      address: { kind: 'single', hosts: [{ host: '127.0.0.1', port: 1 }], tls: false, db: 0 }, timeoutMs: 50,
    }
    await expect(open('cluster', from, { cluster })).rejects.toThrow('itemNorm: unit')
  })

  it('is refused with status 78 where a graph is asked for by name and is not there', async () => {
    for (const from of [bundle({}), bundle({ sport: facts })]) {
      for (const choice of ['hnsw', 'hybrid'] as const) {
        const error: unknown = await open(choice, from, absent).catch((error: unknown) => error)
        expect(error).toMatchObject({ code: 'index_driver_unavailable' })
        expect(exitStatus(error)).toBe(78)
      }
    }
  })
})
