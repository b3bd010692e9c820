import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFile, cp, link, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MANIFEST_FILE } from '../../../src/bundle/layout.ts'
import type { Manifest } from '../../../src/bundle/manifest.ts'
import { CURRENT_FILE } from '../../../src/bundle/pointer.ts'
import { pointTo, PREVIOUS_FILE } from '../../../src/bundle/selection.ts'
import { LOCAL_EMBEDDER_ID } from '../../../src/encode/local-embedder.ts'
import { figure } from '../../support/figures.ts'
import { type TinyBundle, writeTinyBundle } from '../../support/tiny-bundle.ts'
import { type ServiceProcess, startProcess } from '../process.ts'
import { openLoop, quantile } from './open-loop.ts'

const RATE = 50
const MADE = 1_760_000_000_000
const QUESTION = { history: [{ itemId: 'sport-0000' }, { itemId: 'cloth-0001' }], k: 5 }

interface Answered { readonly version: string, readonly items: string }

describe('a service under load, while its models change', () => {
  let root: string
  let versions: readonly TinyBundle[]
  let service: ServiceProcess
  const expected = new Map<string, string>()

  const start = async (): Promise<ServiceProcess> =>
    await startProcess({ DATA_DIR: join(root, '..', 'data'), MODEL_WATCH_MS: '50' }, ['--bundle', root])

  beforeAll(async () => {
    root = join(await mkdtemp(join(tmpdir(), 'isthmus-swap-')), 'models')
    const embedder = { id: LOCAL_EMBEDDER_ID, width: 384 }
    versions = [
      await writeTinyBundle({ root, embedder, now: MADE, seed: 7 }),
      await writeTinyBundle({ root, embedder, now: MADE + 3_600_000, seed: 8 }),
    ]
    await pointTo(root, versions[0]!.manifest.version)
    service = await start()
    for (const { manifest: { version } } of [...versions].reverse()) {
      expect(await activate(version)).toEqual([200, undefined])
      expected.set(version, (await ask()).items)
    }
    expect(new Set(expected.values()).size).toBe(2)
  })
  afterAll(async () => {
    await service.stop('SIGKILL')
    await rm(join(root, '..'), { recursive: true, force: true })
  })

  const ask = async (): Promise<Answered> => {
    const { status, body } = await service.post('/recommend?domain=sport', QUESTION)
    if (status !== 200) throw new Error(`status ${status}`)
    const { model } = body as unknown as { model: { version: string } }
    return { version: model.version, items: body.items.map(({ itemId }) => itemId).join(' ') }
  }
  /** Status, and the code of what is wrong with the bundle. */
  const activate = async (version: string): Promise<[number, string | undefined]> => {
    const { status, body } = await service.post('/models/activate', { version, allowOlder: true })
    const { errors } = body as unknown as { errors?: Array<{ rule: string }> }
    return [status, errors?.[0]?.rule]
  }
  const isWhole = ({ version, items }: Answered): boolean => expected.get(version) === items
  const memory = async (): Promise<number> => {
    const status = await readFile(`/proc/${service.child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024
  }
  const reloads = async (result: string): Promise<number> => {
    const text = await (await service.get('/metrics')).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`isthmus_reload_total{result="${result}"`))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  it('P6: drops no request, and answers each from one model, through 20 changes', async (test) => {
    const steady = await openLoop(RATE, ask, async () => { for (let i = 0; i < 20; i++) await ask() })
    const before = await memory()
    const swaps = await openLoop(RATE, ask, async () => {
      for (let i = 1; i <= 20; i++) expect(await activate(versions[i % 2]!.manifest.version)).toEqual([200, undefined])
    })
    figure(test, `${swaps.answers.length} answers at ${RATE} a second, p99 ${quantile(swaps.times, 0.99).toFixed(0)} ms ` +
      `(${quantile(steady.times, 0.99).toFixed(0)} ms without changes), memory ${before.toFixed(0)} MiB before and ` +
      `${(await memory()).toFixed(0)} MiB after`)
    expect(swaps.failures).toEqual([])
    expect(swaps.answers.filter((answer) => !isWhole(answer))).toEqual([])
    expect(new Set(swaps.answers.map(({ version }) => version)).size).toBe(2)
  })

  it('P5: keeps the old model through 20 that are broken, each refused by its code', async (test) => {
    const [{ manifest: { version: served } }, { dir: good }] = [versions[0]!, versions[1]!]
    expect((await ask()).version).toBe(served)
    const failed = await reloads('failed')
    const broken = await Promise.all(BREAKS.map(async ([code, breakIt], i) => {
      const version = `20990101T0000${String(i).padStart(2, '0')}Z-${String(i).padStart(8, '0')}`
      const dir = join(root, version)
      await cp(good, dir, { recursive: true })
      await breakIt(dir)
      return { version, code }
    }))
    const found: Array<{ version: string, code: string | undefined }> = []
    const { answers, failures } = await openLoop(RATE, ask, async () => {
      for (const { version } of broken) {
        const [status, code] = await activate(version)
        expect(status).toBe(422)
        found.push({ version, code })
      }
    })
    figure(test, `${broken.length} bundles refused, ${answers.length} answers meanwhile, none else`)
    expect(found).toEqual(broken)
    expect(failures).toEqual([])
    expect(answers.every((answer) => isWhole(answer) && answer.version === served)).toBe(true)
    expect(await reloads('failed') - failed).toBe(BREAKS.length)
    expect((await service.get('/health/ready')).status).toBe(200)
  })

  it('P21: refuses a model that would not fit into memory, before it has read it', async () => {
    const version = '20990102T000000Z-00000000'
    const dir = join(root, version)
    await cp(versions[1]!.dir, dir, { recursive: true })
    const size = 2 ** 44
    await truncate(join(dir, 'vectors-sport.f32'), 2 ** 40)
    await edit(dir, (m) => ({ ...m, files: m.files.map((f) => f.path === 'vectors-sport.f32' ? { ...f, size } : f) }))
    expect(await activate(version)).toEqual([422, 'insufficient_memory'])
    expect((await ask()).version).toBe(versions[0]!.manifest.version)
    await rm(dir, { recursive: true })
  })

  it('follows CURRENT when it moves, and stays where it names nothing', async () => {
    const [a, b] = versions.map(({ manifest }) => manifest.version)
    await pointTo(root, b!)
    while ((await ask()).version !== b) continue
    const failed = await reloads('failed')
    await writeFile(join(root, CURRENT_FILE), '20990103T000000Z-00000000\n')
    while (await reloads('failed') === failed) continue
    expect((await ask()).version).toBe(b)
    await pointTo(root, a!)
    while ((await ask()).version !== a) continue
  })

  it('P13: ends in order while a model is being loaded, and answers or refuses whoever asks', async (test) => {
    const url = service.address
    let exit: number | string = -1
    const { answers, failures } = await openLoop(RATE, ask, async () => {
      for (let i = 0; i < 10; i++) await ask()
      const change = fetch(`${url}/models/activate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ version: versions[1]!.manifest.version, allowOlder: true }),
      }).then(async (response) => { await response.text() }, () => {})
      await ask()
      exit = await service.stop()
      await change
    })
    figure(test, `${answers.length} answered, ${failures.length} turned away after the end began`)
    expect(exit).toBe(0)
    expect(answers.every(isWhole)).toBe(true)
    expect(failures.filter((failure) => !/status 503|fetch failed/.test(failure))).toEqual([])
    expect(service.log()).not.toMatch(/"level":60/)
    service = await start()
  })

  it('P22: leaves a whole pointer when what writes it is killed at any moment', async () => {
    const pointed = await mkdtemp(join(tmpdir(), 'isthmus-pointer-'))
    const names = versions.map(({ manifest }) => manifest.version)
    const script = `import { pointTo } from ${JSON.stringify(new URL('../../../dist/src/bundle/selection.js', import.meta.url).href)}
      for (let i = 0; ; i++) {
        await pointTo(${JSON.stringify(pointed)}, ${JSON.stringify(names)}[i % 2])
        if (i === 1) process.stdout.write('writes')
      }`
    await pointTo(pointed, names[0]!)
    for (let i = 0; i < 8; i++) {
      const writer = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      // It says when it has written twice; from then on any moment is one of a write.
      await once(writer.stdout, 'data')
      await setTimeout(7 * i)
      const ended = once(writer, 'exit')
      writer.kill('SIGKILL')
      await ended
      expect(names).toContain((await readFile(join(pointed, CURRENT_FILE), 'utf8')).trim())
    }
    expect(names).toContain((await readFile(join(pointed, PREVIOUS_FILE), 'utf8')).trim())
    await rm(pointed, { recursive: true })
  })
})

const FILE = 'vectors-sport.f32'

/** Twenty ways in which a version can be bad, and the code of each. */
const BREAKS: ReadonlyArray<readonly [code: string, breakIt: (dir: string) => Promise<unknown>]> = [
  ['artefact_checksum_mismatch', async (dir) => await appendFile(join(dir, FILE), 'x')],
  ['artefact_checksum_mismatch', async (dir) => await truncate(join(dir, FILE), 64)],
  ['artefact_checksum_mismatch', async (dir) => await truncate(join(dir, 'user-sport.onnx'), 0)],
  ['artefact_checksum_mismatch', async (dir) => await flip(join(dir, 'golden.json'))],
  ['artefact_checksum_mismatch', async (dir) => await edit(dir, (m) => (
    { ...m, files: m.files.map((f) => ({ ...f, sha256: '0'.repeat(64) })) }
  ))],
  ['artefact_missing', async (dir) => await rm(join(dir, 'item-map.f32'))],
  ['artefact_missing', async (dir) => await rm(join(dir, MANIFEST_FILE))],
  ['artefact_invalid', async (dir) => await writeFile(join(dir, 'extra.bin'), 'x')],
  ['artefact_invalid', async (dir) => await writeFile(join(dir, MANIFEST_FILE), '{')],
  ['artefact_invalid', async (dir) => await writeFile(join(dir, MANIFEST_FILE), '{}')],
  ['artefact_invalid', async (dir) => await vouched(dir, 'golden.json', (text) => text.replace(/"score":0\.\d/, '"score":9.1'))],
  ['artefact_invalid', async (dir) => await vouched(dir, 'items-sport.jsonl', (text) => text.split('\n').slice(1).join('\n'))],
  ['artefact_invalid', async (dir) => await vouched(dir, 'user-sport.onnx', () => 'no graph')],
  ['artefact_invalid', async (dir) => await vouched(dir, 'popularity-sport.json', () => '[]')],
  ['artefact_invalid', async (dir) => await edit(dir, (m) => ({ ...m, encoder: { ...m.encoder, globalWidth: 8, localWidth: 24 } }))],
  ['format_unsupported', async (dir) => await edit(dir, (m) => ({ ...m, format: 2 }))],
  ['artefact_path_invalid', async (dir) => await edit(dir, (m) => ({ ...m, files: [{ ...m.files[0], path: '../x' }] }))],
  ['artefact_path_invalid', async (dir) => {
    await rm(join(dir, FILE))
    await symlink('/etc/passwd', join(dir, FILE))
  }],
  ['artefact_path_invalid', async (dir) => await link(join(dir, FILE), join(dir, '..', `.linked-${Date.now()}`))],
  ['artefact_path_invalid', async (dir) => await mkdir(join(dir, 'more'))],
]

async function edit (dir: string, change: (manifest: Manifest) => object): Promise<void> {
  const path = join(dir, MANIFEST_FILE)
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Manifest)))
}

/** A change that the manifest's hash vouches for. */
async function vouched (dir: string, file: string, change: (text: string) => string): Promise<void> {
  const bytes = Buffer.from(change(await readFile(join(dir, file), 'utf8')))
  await writeFile(join(dir, file), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await edit(dir, (m) => ({
    ...m, files: m.files.map((f) => f.path === file ? { ...f, size: bytes.length, sha256 } : f),
  }))
}

async function flip (path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(path, bytes)
}
