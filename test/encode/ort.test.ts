import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSession } from '../../src/encode/ort.ts'
import { packageRoot } from '../../src/paths.ts'

const model = join(packageRoot, 'models/text-encoder/model.onnx')
let folder = ''

beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-ort-')) })
afterAll(async () => await rm(folder, { recursive: true }))

describe('openSession', () => {
  it('runs plain tensors through a model on the CPU', async () => {
    const session = await openSession(model, { provider: 'cpu' })
    expect(session.provider).toBe('cpu')
    expect(session.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids'])

    const row = (values: number[]) =>
      ({ type: 'int64' as const, data: BigInt64Array.from(values, BigInt), dims: [1, values.length] })
    const found = await session.run(
      { input_ids: row([101, 2413, 102]), attention_mask: row([1, 1, 1]), token_type_ids: row([0, 0, 0]) }
    )
    const [name = ''] = session.outputNames
    expect(found[name]).toMatchObject({ type: 'float32', dims: [1, 3, 384] })
    expect(found[name]!.data).toBeInstanceOf(Float32Array)
    await session.close()
  })

  it('says under auto which provider it took, and why not CUDA', async () => {
    const session = await openSession(model)
    if (session.provider === 'cpu') expect(session.fallback).toMatch(/./)
    else expect(session.fallback).toBeUndefined()
    await session.close()
  })

  it('takes CUDA when asked for it, or fails with a code: never the CPU in silence', async () => {
    const asked = await openSession(model, { provider: 'cuda' }).catch((error: unknown) => error)
    expect(asked).toMatchObject(asked instanceof Error ? { code: 'provider_unavailable' } : { provider: 'cuda' })
  })

  it.each(['cpu', 'auto', 'cuda'] as const)('refuses a file that is no model (%s)', async (provider) => {
    const file = join(folder, 'broken.onnx')
    await writeFile(file, 'no protobuf at all')
    await expect(openSession(file, { provider })).rejects.toMatchObject({ code: 'artefact_invalid', place: { file } })
  })
})
