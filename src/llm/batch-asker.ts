import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type OpenAI from 'openai'
import { toFile } from 'openai'
import type { Batch } from 'openai/resources/batches'
import { IsthmusError } from '../errors.ts'
import type { Account } from './account.ts'
import { openBatchStates } from './batch-states.ts'
import type { BatchState } from './batch-states.ts'
import { batchReplies } from './batch-replies.ts'
import { codedError, verdict } from './openai-client.ts'
import { withRetries } from './retry.ts'
import { mostUsage } from './remote-chat.ts'
import type { Asker, ChatRequest, Keep } from './remote-chat.ts'

export interface BatchOptions {
  readonly client: OpenAI
  readonly model: string
  /** The body of a request, as a single call would send it. */
  readonly bodyOf: (request: ChatRequest) => unknown
  /** Where what was submitted is remembered. */
  readonly dir: string
  readonly account: Account
  /** A line for people. */
  readonly say: (line: string) => void
  readonly pollMs?: number
  /** Tests pass others of these. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly mostRequests?: number
}

/** The limits of a batch: 50,000 requests and 200 MB. */
const MOST_REQUESTS = 50_000
const MOST_BYTES = 150_000_000
const POLL_MS = 30_000
const ENDED: ReadonlySet<Batch['status']> = new Set(['completed', 'failed', 'expired', 'cancelled'])
const FAILURES = { who: 'the batch endpoint', failed: 'chat_failed', bad: 'chat_bad_response' } as const

interface Submission { readonly state: BatchState, readonly release: () => void }

/**
 * Asks by OpenAI's Batch API, at half the price and within a day. What is submitted is written down first, so that a
 * process that ends in between, by whatever means, is followed by one that collects; a batch whose number was not
 * written down any more is found by its mark. With a budget, no more is submitted at a time than it could pay for.
 */
export function batchAsker (options: BatchOptions): Asker {
  const { client, model, account, say, pollMs = POLL_MS, sleep = sleepFor, mostRequests = MOST_REQUESTS } = options
  const states = openBatchStates(options.dir)

  return async (requests, keep, signal) => {
    const call = async <T>(make: () => Promise<T>): Promise<T> =>
      await withRetries(make, { retries: 6, verdict, ...(signal && { signal }), sleep })
    const under: Submission[] = []
    const answered = new Set<string>()
    const kept: Keep = async (request, reply) => {
      await keep(request, reply)
      answered.add(request.key)
    }
    try {
      for (const state of await found(await states.all(), call)) under.push({ state, release: () => {} })
      const submitted = new Set(under.flatMap(({ state }) => state.requests.map(({ key }) => key)))
      let left = requests.filter(({ key }) => !submitted.has(key))
      while (left.length > 0 || under.length > 0) {
        signal?.throwIfAborted()
        const chunk = left.slice(0, fitting(left))
        if (chunk.length > 0 && (under.length === 0 || affordable(chunk))) {
          under.push(await submit(chunk, call))
          left = left.slice(chunk.length)
          continue
        }
        if (!await collectEnded(under, kept, call)) await sleep(pollMs, signal)
      }
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : codedError(error, FAILURES)
    } finally {
      for (const { release } of under) release()
    }
    const unanswered = requests.filter(({ key }) => !answered.has(key)).length
    if (unanswered === 0) return
    throw new IsthmusError('chat_failed', `${unanswered} of ${requests.length} requests of a batch have no answer; ` +
      'the same command asks for them again')
  }

  /** How many of the next requests one batch may hold: by their number, their bytes, and what is left to spend. */
  function fitting (requests: readonly ChatRequest[]): number {
    let bytes = 0
    let usd = 0
    let count = 0
    for (const request of requests.slice(0, mostRequests)) {
      bytes += lineOf(request).length
      usd += account.costOf({ model, batch: true, most: mostUsage(request) })
      if (count > 0 && (bytes > MOST_BYTES || usd > account.leftUsd)) break
      count++
    }
    return count
  }

  function affordable (chunk: readonly ChatRequest[]): boolean {
    return account.costOf({ model, batch: true, most: mostOf(chunk) }) <= account.leftUsd
  }

  function lineOf (request: ChatRequest): string {
    return `${JSON.stringify({
      custom_id: request.key, method: 'POST', url: '/v1/chat/completions', body: options.bodyOf(request),
    })}\n`
  }

  async function submit (chunk: readonly ChatRequest[], call: Call): Promise<Submission> {
    const release = await account.hold({ model, batch: true, most: mostOf(chunk) })
    try {
      const state: BatchState = {
        mark: randomUUID(),
        requests: chunk.map(({ key, task: { step, user } }) => ({ key, step, ...(user !== undefined && { user }) })),
      }
      // Before anything is sent: from here on a batch of this mark may be under way.
      await states.save(state)
      const file = await call(async () => await client.files.create({
        file: await toFile(Buffer.from(chunk.map(lineOf).join('')), 'isthmus.jsonl'), purpose: 'batch',
      }))
      let tried = false
      const id = await call(async () => {
        // An answer that got lost may have been that of a batch which is under way.
        const known = tried ? await idOf(state.mark) : undefined
        tried = true
        return known ?? (await client.batches.create({
          input_file_id: file.id,
          endpoint: '/v1/chat/completions',
          completion_window: '24h',
          metadata: { isthmus: state.mark },
        })).id
      })
      await states.save({ ...state, id })
      say(`batch ${id} of ${chunk.length} requests is submitted; Ctrl-C leaves it, and the same command collects it`)
      return { state: { ...state, id }, release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Those that were submitted before, as far as the endpoint knows them. */
  async function found (all: readonly BatchState[], call: Call): Promise<BatchState[]> {
    const known: BatchState[] = []
    for (const state of all) {
      const id = state.id ?? await call(async () => await idOf(state.mark))
      if (id === undefined) {
        await states.remove(state)
        continue
      }
      await states.save({ ...state, id })
      known.push({ ...state, id })
      say(`batch ${id} of ${state.requests.length} requests was submitted before; waiting for it`)
    }
    return known
  }

  async function idOf (mark: string): Promise<string | undefined> {
    for await (const batch of client.batches.list({ limit: 100 })) {
      if (batch.metadata?.['isthmus'] === mark) return batch.id
    }
    return undefined
  }

  /** Collects what has ended; whether anything had. */
  async function collectEnded (under: Submission[], keep: Keep, call: Call): Promise<boolean> {
    for (const submission of [...under]) {
      const { state, release } = submission
      const batch = await call(async () => await client.batches.retrieve(state.id!))
      if (!ENDED.has(batch.status)) continue
      await collect(batch, state, keep, call)
      await states.remove(state)
      release()
      under.splice(under.indexOf(submission), 1)
      if (batch.status === 'failed') throw failureOf(batch)
      return true
    }
    return false
  }

  async function collect (batch: Batch, state: BatchState, keep: Keep, call: Call): Promise<void> {
    const asked = new Map(state.requests.map((request) => [request.key, request]))
    for (const id of [batch.output_file_id, batch.error_file_id]) {
      if (id == null || id === '') continue
      const text = await call(async () => await (await client.files.content(id)).text())
      for (const { key, reply } of batchReplies(text)) {
        const request = asked.get(key)
        if (request === undefined) continue
        const { key: _, ...whose } = request
        await account.pay({ ...whose, model, batch: true, input: reply.input, output: reply.output })
        await keep({ key }, reply)
      }
    }
    say(`batch ${batch.id} is ${batch.status}: ${batch.request_counts?.completed ?? 0} requests were answered`)
  }
}

type Call = <T>(make: () => Promise<T>) => Promise<T>

function mostOf (requests: readonly ChatRequest[]): { input: number, output: number } {
  return requests.map(mostUsage).reduce(
    (sum, { input, output }) => ({ input: sum.input + input, output: sum.output + output }), { input: 0, output: 0 })
}

/** Only the endpoint's own code: its message may repeat what was sent. */
function failureOf ({ id, errors }: Batch): IsthmusError {
  const [first] = errors?.data ?? []
  return new IsthmusError('chat_failed', `batch ${id} was not accepted${first?.code ? `: ${first.code}` : ''}`)
}

/** Ends early, and without an error of its own, when the signal aborts. */
async function sleepFor (ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => {})
}
