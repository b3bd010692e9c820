import { describe, expect, it } from 'vitest'
import { buildHnsw } from '../../src/retrieve/hnsw-build.ts'
import { findHnswDriver } from '../../src/retrieve/hnsw-driver.ts'
import { openHnswIndex } from '../../src/retrieve/hnsw.ts'
import { candidateIndexContract, makeVectors } from './candidate-index.contract.ts'

const driver = await findHnswDriver()

describe.skipIf(driver === undefined)('hnswlib-node (skipped where it is not installed)', () => {
  if (driver === undefined) return
  candidateIndexContract('the HNSW index', async (base, width) => await openHnswIndex({
    bytes: await buildHnsw(base, width, driver), base, width, efSearch: 256, driver,
  }))

  it('refuses a file of other vectors, before the library sees it', async () => {
    const base = makeVectors(50, 24, 1)
    const bytes = await buildHnsw(base, 24, driver)
    const open = async (changed: Buffer, vectors: Float32Array, width: number): Promise<unknown> =>
      await openHnswIndex({ bytes: changed, base: vectors, width, efSearch: 100, driver })
    const refused = { code: 'artefact_invalid' }
    await expect(open(bytes, makeVectors(50, 12, 1), 12)).rejects.toMatchObject(refused)
    await expect(open(bytes, makeVectors(49, 24, 1), 24)).rejects.toMatchObject(refused)
    await expect(open(bytes.subarray(0, 40), base, 24)).rejects.toMatchObject(refused)
    await expect(open(Buffer.alloc(0), base, 24)).rejects.toMatchObject(refused)
  })
})

it('is installed wherever the main tests run', () => {
  if (process.env.CI !== undefined && process.env.ISTHMUS_WITHOUT_OPTIONAL === undefined) expect(driver).toBeDefined()
})
