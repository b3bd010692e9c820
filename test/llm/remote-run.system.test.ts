import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ledgerFolder } from '../../src/llm/account.ts'
import { readLedger, totalOf } from '../../src/llm/ledger.ts'
import { compiled } from '../../src/paths.ts'
import { openProfiles } from '../../src/profile/profiles.ts'
import { createRandom } from '../../src/random.ts'
import { runScript, writeTinyShop } from '../pipeline/tiny-shop.ts'
import { countingProxy } from './counting-proxy.ts'
import type { CountingProxy, Fate } from './counting-proxy.ts'
import { fakeBatches } from './fake-batches.ts'
import { NO_MOCKS, startChats, startEmbeddings } from './mock-servers.ts'
import type { MockServer } from './mock-servers.ts'

const USERS = 80
const reason = NO_MOCKS ? ' (skipped: `bash .ci/mocks` was not run)' : ''
const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)

interface Run { readonly status: number | null, readonly said: string }

describe.skipIf(NO_MOCKS)(`embed and profile against servers of others${reason}`, () => {
  const servers: MockServer[] = []
  let proxy: CountingProxy
  let folder = ''
  let child: ChildProcess | undefined
  let runs = 0
  let cache = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-remote-'))
    writeTinyShop(join(folder, 'shop'))
    const prepared = await runScript('prepare', ['--in', join(folder, 'shop'), '--out', join(folder, 'dataset')])
    expect(prepared.status, prepared.stderr).toBe(0)
    const [chats, embeddings] = await Promise.all([startChats(), startEmbeddings()])
    servers.push(chats, embeddings)
    proxy = await countingProxy({ '/v1/chat/completions': chats.url, '/v1/embeddings': embeddings.url })
    cache = join(folder, 'cache-of-embeddings')
    const embedded = await run('embed', ['--in', join(folder, 'dataset'), '--out', join(folder, 'embeddings'), ...EMBEDDER])
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
    cache = join(folder, `cache-${++runs}`)
  })

  const EMBEDDER = ['--embedder', 'openai', '--model', 'multilingual-e5-small-q4', '--width', '384']

  const run = (script: string, flags: readonly string[], baseUrl = proxy.baseUrl): Promise<Run> => {
    const program = fileURLToPath(compiled(`scripts/${script}.ts`))
    const args = [program, ...flags, '--cache', cache, '--base-url', baseUrl]
    const process_ = spawn(process.execPath, args, { env: { ...process.env, OPENAI_API_KEY: 'sk-canary' } })
    child = process_
    let said = ''
    process_.stdout.on('data', (text: Buffer) => { said += text.toString() })
    process_.stderr.on('data', (text: Buffer) => { said += text.toString() })
    return new Promise((resolve) => process_.on('close', (status) => resolve({ status, said })))
  }
  const profile = (out: string, flags: readonly string[] = [], baseUrl?: string): Promise<Run> => run('profile', [
    '--in', join(folder, 'embeddings'), '--out', join(folder, out), '--chat', 'openai', '--clusters', '3', ...flags,
  ], baseUrl)
  const whole = async (out: string): Promise<void> => {
    const { known, rows, chat, width } = await openProfiles(join(folder, out))
    expect([known.length, width, chat]).toEqual([USERS, 384, 'openai/gpt-4o-mini'])
    expect(known.every((flag) => flag === 1)).toBe(true)
    expect(rows.every(Number.isFinite)).toBe(true)
  }
  const times = (): number[] => [...proxy.answered.values()]

  it.each([1, 8])(`make no answered call twice when they are killed, %i at once (seed ${seed})`, async (atOnce) => {
    const random = createRandom(seed, `kill ${atOnce}`)
    const flags = ['--at-once', String(atOnce)]
    let kills = 0
    for (; kills < 3; kills++) {
      const at = proxy.asked() + 1 + random.integer(60)
      // The request at which it dies gets no answer, nor does any after it.
      proxy.fate = (count) => {
        if (count === at) child!.kill('SIGKILL')
        return count >= at ? 'drop' : 'pass'
      }
      expect((await profile(`killed-${atOnce}`, flags)).status).toBeNull()
    }
    proxy.fate = () => 'pass'
    const last = await profile(`killed-${atOnce}`, flags)
    expect(last.status, last.said).toBe(0)
    await whole(`killed-${atOnce}`)
    // An answer may be on its way while another call's request ends the process; with one at a time none is.
    const twice = times().filter((count) => count > 1).length
    expect(twice).toBeLessThanOrEqual(kills * (atOnce - 1))
    expect(Math.max(...times())).toBeLessThanOrEqual(1 + kills)
  })

  it('lose nothing by 429, 500, cut connections and answers that are no JSON', async () => {
    const fates: Fate[] = ['pass', 429, 'pass', 'cut', 'pass', 'no JSON', 500, 'pass', 'cut in the answer', 'pass']
    const first = proxy.asked()
    // Embeddings, which a bad body ends, come last and one alone.
    proxy.fate = (count) => count - first > 300 ? 'pass' : fates[count % fates.length]!
    const { status, said } = await profile('faults')
    expect(status, said).toBe(0)
    await whole('faults')
    expect(times().every((count) => count === 1)).toBe(true)
    const lines = (await readFile(join(folder, 'faults/profiles.jsonl'), 'utf8')).trim().split('\n')
    expect(lines.every((line) => (JSON.parse(line) as { chat: string }).chat === 'openai/gpt-4o-mini')).toBe(true)
  })

  it('stop before the budget is passed, with everything kept, and go on with more', async () => {
    const dry = await profile('budget', ['--dry-run'])
    expect(dry.status, dry.said).toBe(0)
    expect(dry.said).toMatch(/gpt-4o-mini: \d+ calls, about \d+ tokens in/)
    expect(times()).toEqual([])

    // A call of 200 tokens in and 20 out comes to 0.000042 dollars.
    const stopped = await profile('budget', ['--max-usd', '0.003', '--at-once', '4'])
    expect(stopped).toMatchObject({ status: 1, said: expect.stringContaining('budget_exhausted') as string })
    const spent = totalOf(await readLedger(ledgerFolder(cache)))
    expect(spent.usd).toBeLessThanOrEqual(0.003)
    expect(spent.calls).toBe(times().length)
    expect(spent.calls).toBeGreaterThan(20)

    const { status, said } = await profile('budget')
    expect(status, said).toBe(0)
    await whole('budget')
    expect(times().every((count) => count === 1)).toBe(true)
    const costs = await runScript('costs', ['--cache', cache])
    expect(costs.stdout).toMatch(/^step profile: \$0\.0\d+, \d+ calls/m)
    expect(costs.stdout).toMatch(/^user u\d+: /m)
  })

  it('leave a batch when they are killed, and collect it when they come back', async () => {
    const batches = await fakeBatches({ embeddings: servers[1]!.url })
    try {
      batches.onCreate = () => {
        child!.kill('SIGKILL')
        return true
      }
      expect((await profile('batch', ['--batch'], batches.baseUrl)).status).toBeNull()
      expect(batches.batches).toHaveLength(1)
      batches.finish(batches.batches[0]!)
      batches.onCreate = () => {
        batches.finish(batches.batches[0]!)
        return false
      }
      const { status, said } = await profile('batch', ['--batch'], batches.baseUrl)
      expect(status, said).toBe(0)
      expect(said).toContain('submitted before')
      await whole('batch')
      const lines = batches.batches.flatMap(({ lines }) => lines.map(({ custom_id: key }) => key))
      expect([batches.batches.length, new Set(lines).size]).toEqual([2, lines.length])
    } finally {
      await batches.close()
    }
  })
})
