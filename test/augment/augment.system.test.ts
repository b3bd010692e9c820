import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditLine } from '../../src/augment/audit.ts'
import { openBundle } from '../../src/bundle/open.ts'
import { ledgerFolder } from '../../src/llm/account.ts'
import { readLedger } from '../../src/llm/ledger.ts'
import { compiled } from '../../src/paths.ts'
import { openItemTexts } from '../../src/pipeline/item-texts.ts'
import { openRunManifest } from '../../src/pipeline/train.ts'
import type { FinetuneFacts } from '../../src/pipeline/train.ts'
import { createRandom } from '../../src/random.ts'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { countingProxy } from '../llm/counting-proxy.ts'
import type { CountingProxy } from '../llm/counting-proxy.ts'
import { NO_MOCKS, startChats, startEmbeddings } from '../llm/mock-servers.ts'
import type { MockServer } from '../llm/mock-servers.ts'
import { runScript, TINY, writeTinyShop } from '../pipeline/tiny-shop.ts'

const USERS = 80
const KILLS = 3
const reason = NO_MOCKS ? ' (skipped: `bash .ci/mocks` was not run)' : ''
const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
const EMBEDDER = { embedder: 'openai', model: 'multilingual-e5-small-q4', width: 384 }

interface Run { readonly status: number | null, readonly said: string }

describe.skipIf(NO_MOCKS)(`augment against servers of others${reason}`, () => {
  const servers: MockServer[] = []
  let proxy: CountingProxy
  let folder = ''
  let child: ChildProcess | undefined

  const run = (script: string, args: readonly string[]): Promise<Run> => {
    const program = fileURLToPath(compiled(`scripts/${script}.ts`))
    const process_ = spawn(process.execPath, [program, ...args], { env: { ...process.env, OPENAI_API_KEY: 'sk-canary' } })
    child = process_
    let said = ''
    process_.stdout.on('data', (text: Buffer) => { said += text.toString() })
    process_.stderr.on('data', (text: Buffer) => { said += text.toString() })
    return new Promise((resolve) => process_.on('close', (status) => resolve({ status, said })))
  }
  const remote = (): string[] => ['--cache', join(folder, 'cache'), '--base-url', proxy.baseUrl]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-augment-'))
    writeTinyShop(join(folder, 'shop'))
    const prepared = await runScript('prepare', ['--in', join(folder, 'shop'), '--out', join(folder, 'dataset')])
    expect(prepared.status, prepared.stderr).toBe(0)
    const [chats, embeddings] = await Promise.all([startChats(), startEmbeddings()])
    servers.push(chats, embeddings)
    proxy = await countingProxy({ '/v1/chat/completions': chats.url, '/v1/embeddings': embeddings.url })
    const embedded = await run('embed', [
      '--in', join(folder, 'dataset'), '--out', join(folder, 'embeddings'), '--embedder', 'openai', '--model', EMBEDDER.model,
      '--width', '384', ...remote(),
    ])
    expect(embedded.status, embedded.said).toBe(0)
  })
  afterAll(async () => {
    await proxy?.close()
    for (const server of servers) await server.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => {
    proxy.answered.clear()
    proxy.fate = () => 'pass'
  })

  it(`makes no call twice when it is killed and started again (seed ${seed})`, async () => {
    const random = createRandom(seed, 'kill')
    const augment = (): Promise<Run> => run('augment', [
      '--in', join(folder, 'embeddings'), '--out', join(folder, 'augmentation'), '--chat', 'openai', '--kmeans-k', '3',
      '--no-ground', '--at-once', '1', ...remote(),
    ])
    for (let kill = 0; kill < KILLS; kill++) {
      const at = proxy.asked() + 1 + random.integer(50)
      // The request at which it dies gets no answer, nor does any after it.
      proxy.fate = (count) => {
        if (count === at) child!.kill('SIGKILL')
        return count >= at ? 'drop' : 'pass'
      }
      expect((await augment()).status).toBeNull()
    }
    proxy.fate = () => 'pass'
    const { status, said } = await augment()
    expect(status, said).toBe(0)
    expect([...proxy.answered.values()].every((count) => count === 1)).toBe(true)
    const chats = [...proxy.answered.keys()].filter((body) => body.includes('"messages"'))
    expect(chats).toHaveLength(2 * USERS)

    const { dataset } = await openItemTexts(join(folder, 'augmentation'))
    const lines = (await readFile(join(folder, 'augmentation/audit.jsonl'), 'utf8')).trim().split('\n')
      .map((line) => JSON.parse(line) as AuditLine)
    expect(lines.map(({ userId }) => userId)).toEqual(dataset.users)
    expect(lines.every(({ chat, directions }) => chat === 'openai/gpt-4o-mini' && directions.length === 2)).toBe(true)
    expect(lines.flatMap(({ directions }) => directions.flatMap(({ generated }) => generated)).length).toBe(4 * USERS)
    expect(dataset.augmentation!.items.length).toBeGreaterThan(0)

    // What it cost stands in the ledger, by user.
    const payments = (await readLedger(ledgerFolder(join(folder, 'cache')))).filter(({ step }) => step === 'augment')
    const users = payments.filter(({ user }) => user !== undefined)
    expect(new Set(users.map(({ user }) => user)).size).toBe(USERS)
    expect(users).toHaveLength(2 * USERS)
    const costs = await runScript('costs', ['--cache', join(folder, 'cache')])
    expect(costs.stdout).toMatch(/^step augment: \$0\.0\d+, \d+ calls/m)
  })

  it('goes in one command from raw logs to a bundle of llm-edt, with domain-aware profiles of what it made up', async () => {
    const openai = { chat: 'openai', baseUrl: proxy.baseUrl }
    await writeFile(join(folder, 'config.json'), JSON.stringify({
      train: { ...TINY.train, dftEpochs: 1 },
      embed: { ...EMBEDDER, baseUrl: proxy.baseUrl },
      augment: { ...openai, kmeansK: 3 },
      profile: { ...openai, mode: 'domain-aware', clusters: 3 },
    }))
    const { status, said } = await run('pipeline', [
      '--data', join(folder, 'shop'), '--name', 'shop', '--epochs', '1', '--backend', 'wasm', '--system', 'llm-edt',
      '--config', join(folder, 'config.json'), '--work', join(folder, 'work'), '--models', join(folder, 'models'),
    ])
    expect(status, said).toBe(0)
    expect(said).toMatch(/\[3\/7\] augment: done in .*: \d+ synthetic events by openai\/gpt-4o-mini/)
    expect(said).toMatch(/\[4\/7\] profile: done in .*: profiles of 80 users by openai\/gpt-4o-mini/)
    expect(said).toMatch(/\[7\/7\] export: done in/)
    const manifest = JSON.parse(await readFile(join(folder, 'work/profiles/manifest.json'), 'utf8')) as
      { input: { dir: string }, settings: { mode: string } }
    expect(manifest.input.dir).toMatch(/augmentation$/)
    expect(manifest.settings.mode).toBe('domain-aware')

    const trained = await openRunManifest(join(folder, 'work/run'))
    const { before, start } = trained.finetune as FinetuneFacts
    expect(trained).toMatchObject({ chat: 'openai/gpt-4o-mini', settings: { system: 'llm-edt', alpha: 0.1 } })
    expect(start).toBe(before)
    const engine = await openEngine(await openBundle(join(folder, 'models/shop')), { provider: 'cpu' })
    const { basis, items } = await engine.recommend({
      domain: 'cloth', history: ['sport1', 'cloth2'], k: 40, exclude: [], excludeSeen: false,
    })
    expect([basis, items.length]).toEqual(['history', 40])
    expect(items.every(({ itemId }) => /^cloth\d+$/.test(itemId))).toBe(true)
    await engine.close()
  })
})
