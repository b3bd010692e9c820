import { execFileSync } from 'node:child_process'
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { files } from '../../../src/bundle/layout.ts'
import type { Manifest } from '../../../src/bundle/manifest.ts'
import { openBundle } from '../../../src/bundle/open.ts'
import { exitStatus } from '../../../src/errors.ts'
import { sha256 } from '../../../src/files/hash.ts'
import { createGraph } from '../../../src/onnx/graph-builder.ts'
import { ModelProto } from '../../../src/onnx/model-proto.ts'
import { openEngine } from '../../../src/recommend/engine-core.ts'
import { openModelsService } from '../models/service.ts'
import { type TinyBundle, writeTinyBundle } from '../../support/tiny-bundle.ts'

const ENCODER = files.encoder('sport')

interface Graph { initializer: object[], node: object[] }
interface Model { graph: Graph, opset_import: object[] }

/** RELIABILITY.md 5.6, numbered as they stand there; what is tested elsewhere, or left out, is in not-here.ts. */
describe('a bundle that is not what it says (5.6)', () => {
  let tiny: TinyBundle
  let scratch: string
  let dir: string
  beforeAll(async () => {
    tiny = await writeTinyBundle({ itemsPerDomain: 12 })
    scratch = await mkdtemp(join(tmpdir(), 'isthmus-artefacts-'))
    await chmod(scratch, 0o755)
  })
  afterAll(async () => {
    await tiny.close()
    await rm(scratch, { recursive: true, force: true })
  })

  let copies = 0
  const copy = async (): Promise<void> => {
    dir = join(scratch, `copy-${copies++}`)
    await cp(tiny.dir, dir, { recursive: true })
  }
  const edit = async (change: (manifest: Manifest) => object): Promise<void> => {
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(change(tiny.manifest)))
  }
  /** A file's new content, with a manifest that vouches for it. */
  const vouched = async (path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> => {
    const bytes = change(await readFile(join(dir, path)))
    await writeFile(join(dir, path), bytes)
    await edit((m) => ({
      ...m, files: m.files.map((f) => f.path === path ? { path, size: bytes.length, sha256: sha256(bytes) } : f),
    }))
  }
  const graphed = (change: (model: Model) => void) => (bytes: Buffer): Uint8Array => {
    const model = ModelProto.toObject(ModelProto.decode(bytes), { arrays: true, longs: Number }) as unknown as Model
    change(model)
    return ModelProto.encode(ModelProto.fromObject(model)).finish()
  }
  const external = (location: string) => graphed(({ graph }) => graph.initializer.push({
    name: 'w', dims: [1], data_type: 1, data_location: 1, external_data: [{ key: 'location', value: location }],
  }))
  const faultOf = async (): Promise<unknown> =>
    await openBundle(dir).then(async (bundle) => await openEngine(bundle, { provider: 'cpu' })).then(
      async (engine) => {
        await engine.close()
        return 'opened'
      }, (error: unknown) => error)

  const rows: ReadonlyArray<[row: string, code: string, breakIt: () => Promise<unknown>]> = [
    ['4 a manifest that nests 100,000 deep', 'artefact_invalid', async () =>
      await writeFile(join(dir, 'manifest.json'), '['.repeat(100_000))],
    ['5 a hash of another file', 'artefact_checksum_mismatch', async () =>
      await edit((m) => ({ ...m, files: m.files.map((f) => ({ ...f, sha256: m.files[0]!.sha256 })) }))],
    ['8 a pipe', 'artefact_path_invalid', async () => {
      await rm(join(dir, ENCODER))
      execFileSync('mkfifo', [join(dir, ENCODER)])
    }],
    ['8 a device', 'artefact_path_invalid', async () => {
      await rm(join(dir, ENCODER))
      const path = join(dir, ENCODER)
      // Only root makes devices; a pipe is what others can have.
      if (process.getuid?.() === 0) execFileSync('mknod', [path, 'c', '1', '3'])
      else execFileSync('mkfifo', [path])
    }],
    ['9 half a graph', 'artefact_invalid', async () => await vouched(ENCODER, (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ['9 noise for a graph', 'artefact_invalid', async () => await vouched(ENCODER, (bytes) => bytes.map((_, i) => i * 7919 >> 3))],
    ['9 an empty graph', 'artefact_invalid', async () => await vouched(ENCODER, () => Buffer.alloc(0))],
    ...['data.bin', '../data.bin', 'sub/../../data.bin', '/etc/passwd', 'link.bin'].map((place): typeof rows[number] =>
      [`10 weights kept at ${place}`, 'artefact_invalid', async () => await vouched(ENCODER, external(place))]),
    ['11 an operator of others', 'artefact_invalid', async () => await vouched(ENCODER, graphed((model) => {
      model.graph.node.push({ op_type: 'Run', domain: 'com.example', name: 'run', input: [], output: ['r'] })
    }))],
    ['11 an operator set of others', 'artefact_invalid', async () => await vouched(ENCODER, graphed((model) => {
      model.opset_import.push({ domain: 'com.example', version: 1 })
    }))],
    ['12 an input of another name', 'artefact_invalid', async () => await vouched(ENCODER, () => encoder('y', 'float32', ['B', 'L', 16]))],
    ['12 an input of another rank', 'artefact_invalid', async () => await vouched(ENCODER, () => encoder('x_global', 'float32', ['B', 16]))],
    ['12 an input of another type', 'artefact_invalid', async () => await vouched(ENCODER, () => encoder('x_global', 'int64', ['B', 'L', 16]))],
    ['15 the ids of another run', 'artefact_invalid', async () => await vouched(files.items('sport'), (bytes) =>
      Buffer.from(bytes.toString('utf8').trimEnd().split('\n').reverse().join('\n') + '\n'))],
    ['17 item vectors that are no numbers', 'artefact_invalid', async () => await vouched(files.vectors('sport'), nan)],
    ['17 a map that is no numbers', 'artefact_invalid', async () => await vouched(files.itemMap, nan)],
    ['17 a local map that is no numbers', 'artefact_invalid', async () => await vouched(files.localMap('sport'), nan)],
    ['18 a file of 16 TiB', 'artefact_checksum_mismatch', async () =>
      await edit((m) => ({ ...m, files: m.files.map((f) => ({ ...f, size: 2 ** 44 })) }))],
  ]

  it.each(rows)('P8: row %s is refused (%s)', async (_, code, breakIt) => {
    await copy()
    await breakIt()
    const fault = await faultOf()
    expect(fault).toMatchObject({ code })
    expect(exitStatus(fault)).toBe(78)
  })

  it('row 20: half a copy is refused, and taken once it is whole', async () => {
    const service = await openModelsService()
    try {
      const [, { dir: whole, manifest: { version } }] = service.versions as [TinyBundle, TinyBundle]
      const last = join(whole, 'golden.json')
      const bytes = await readFile(last)
      await writeFile(last, bytes.subarray(0, 100))
      const refused = await service.post('/models/activate', { version })
      expect([refused.statusCode, refused.json().errors[0].rule]).toEqual([422, 'artefact_checksum_mismatch'])
      await writeFile(last, bytes)
      expect((await service.post('/models/activate', { version })).statusCode).toBe(200)
    } finally {
      await service.close()
    }
  })

  it('row 25: a file that may not be read is refused', async () => {
    await copy()
    await chmod(join(dir, ENCODER), 0)
    const isRoot = process.getuid?.() === 0
    // Root may read everything.
    if (isRoot) process.seteuid?.(65_534)
    try {
      const fault = await faultOf()
      expect(fault).toMatchObject({ code: 'artefact_invalid' })
      expect(exitStatus(fault)).toBe(78)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('row 26: a clock that was wrong when it was made keeps no bundle from answering', async () => {
    await copy()
    for (const created of ['1999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z']) {
      await edit((m) => ({ ...m, created: typeof m.created === 'number' ? Date.parse(created) : created }))
      expect(await faultOf()).toBe('opened')
    }
  })
})

/** An encoder that is one, but for its first input. */
function encoder (name: string, type: 'float32' | 'int64', shape: Array<number | string>): Uint8Array {
  const graph = createGraph('wrong')
  graph.output('user_vec', graph.node('Neg', [graph.input(name, type, shape)]), type, shape)
  return graph.build()
}

function nan (bytes: Buffer): Buffer {
  bytes.writeFloatLE(NaN, 4)
  return bytes
}
