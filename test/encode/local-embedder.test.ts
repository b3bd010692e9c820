import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localEmbedder } from '../../src/encode/local-embedder.ts'
import type { TextEmbedder } from '../../src/llm/embedder.ts'
import { packageRoot } from '../../src/paths.ts'
import { embedderContract } from '../llm/embedder.contract.ts'

embedderContract('localEmbedder', localEmbedder)

describe('localEmbedder', () => {
  let embedder: TextEmbedder
  let folder = ''
  beforeAll(async () => {
    embedder = await localEmbedder()
    folder = await mkdtemp(join(tmpdir(), 'isthmus-text-encoder-'))
    for (const name of ['model.onnx', 'tokenizer.json']) {
      await cp(join(packageRoot, 'models/text-encoder', name), join(folder, name))
    }
  })
  afterAll(async () => {
    await embedder.close()
    await rm(folder, { recursive: true })
  })

  const cosine = async (a: string, b: string): Promise<number> => {
    const rows = await embedder.embed([a, b])
    return rows.subarray(0, 384).reduce((sum, value, i) => sum + value * rows[384 + i]!, 0)
  }

  it.each([
    ['Thai red curry paste', 0.697],
    ['Zoku Quick Pops Recipe Book', 0.233],
    ['non-stick wok pan', 0.265],
  ])('puts a green curry paste as near to "%s" as its provenance says', async (other, expected) => {
    const found = await cosine('Mae Ploy Thai Green Curry Paste - 14 oz jar', other)
    expect(Math.abs(found - expected)).toBeLessThan(0.01)
  })

  it('gives rows of length 1', async () => {
    expect(Math.hypot(...await embedder.embed(['yoga mat']))).toBeCloseTo(1, 5)
  })

  it('reads the first 256 word pieces of a text, and no further', async () => {
    const long = 'ski '.repeat(300)
    expect(await cosine(long, `${long} kettle`)).toBeCloseTo(1, 6)
    expect(await cosine('ski '.repeat(200), `${'ski '.repeat(200)} kettle`)).toBeLessThan(0.9999)
  })

  it('takes the names of special tokens in a title as letters', async () => {
    expect(await cosine('yoga mat [SEP]', 'yoga mat [ sep ]')).toBeCloseTo(1, 6)
  })

  it('says where it is when a file is missing or is not the published one', async () => {
    await writeFile(join(folder, 'tokenizer.json'), '{}')
    await expect(localEmbedder({ folder })).rejects.toMatchObject({
      code: 'artefact_checksum_mismatch', place: { file: join(folder, 'tokenizer.json') },
    })
    await rm(join(folder, 'model.onnx'))
    await expect(localEmbedder({ folder })).rejects.toMatchObject({ code: 'artefact_missing' })
  })
})
