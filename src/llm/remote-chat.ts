import { join } from 'node:path'
import type { Account } from './account.ts'
import { answerOf, jsonIn } from './answer.ts'
import type { ChatAnswer, ChatModel, ChatTask } from './chat-model.ts'
import { contentFolder, contentKey, openContentLog } from './content-log.ts'
import type { ChatEndpoint, Reply } from './openai-chat.ts'
import { runPool } from './pool.ts'
import { promptOf } from './prompts/registry.ts'
import type { PromptTemplate } from './prompts/template.ts'
import { mostTokens } from './tokens.ts'
import type { Usage } from './tokens.ts'

/** A task whose answer is not known yet. */
export interface ChatRequest {
  /** Of the reply in the cache. */
  readonly key: string
  readonly task: ChatTask
  readonly template: PromptTemplate
}

interface Open extends ChatRequest { readonly where: readonly number[] }

export type Keep = (request: Pick<ChatRequest, 'key'>, reply: Reply) => Promise<void>

/**
 * A way to have requests answered: each reply goes through `keep` as soon as it is there, and is safe when that
 * resolves. Rejects as `ChatModel.complete` does; what it did not ask or was not told then is asked the next time.
 */
export type Asker = (requests: readonly ChatRequest[], keep: Keep, signal?: AbortSignal) => Promise<void>

export interface RemoteChatOptions {
  readonly endpoint: Pick<ChatEndpoint, 'id' | 'scope'>
  /** The folder of the content cache. */
  readonly dir: string
  readonly ask: Asker
  /** False: replies are for this call alone. A dry run makes them up. */
  readonly keep?: boolean
}

/** A first reply that does not fit its schema is asked for once more. */
const ATTEMPTS = 2

/**
 * A chat model behind the content cache: every reply is kept as it came, under sha256(endpoint, parameters, template,
 * filled text, attempt), and read against the template's schema each time, so that nothing is asked for twice, not
 * even what cannot be used. Equal questions of one call are asked once.
 */
export async function remoteChat ({ endpoint, dir, ask, keep = true }: RemoteChatOptions): Promise<ChatModel> {
  const log = await openContentLog(chatFolder(dir, endpoint))
  const keyOf = ({ template: name, values }: ChatTask, attempt: number): string => {
    const { system, user } = promptOf(name).fill(values)
    return contentKey(['chat', endpoint.id, endpoint.scope, name, system, user, attempt])
  }
  const known = async (key: string): Promise<Reply> => JSON.parse((await log.read(key)).toString()) as Reply

  return {
    id: endpoint.id,
    async complete (tasks, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      await log.refresh()
      /** The questions, by the key of their first reply, and where each stands among the tasks. */
      const places = new Map<string, number[]>()
      for (const [i, task] of tasks.entries()) {
        const key = keyOf(task, 0)
        places.set(key, [...places.get(key) ?? [], i])
      }
      const answers: ChatAnswer[] = []
      let done = 0
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const open = new Map([...places].flatMap(([first, where]): Array<[string, Open]> => {
          const task = tasks[where[0]!]!
          if (answers[where[0]!] !== undefined) return []
          const key = attempt === 0 ? first : keyOf(task, attempt)
          return [[key, { key, task, template: promptOf(task.template), where }]]
        }))
        const settle = (key: string, reply: Reply): void => {
          const { template, where } = open.get(key) ?? {}
          if (template === undefined || where === undefined) return
          const answer = read(template, reply)
          if (answer.problem === 'unusable' && attempt < ATTEMPTS - 1) return
          for (const i of where) answers[i] = answer
          done += where.length
          onProgress?.(done)
        }
        for (const key of open.keys()) if (log.has(key)) settle(key, await known(key))
        const missing = [...open.values()].filter(({ key }) => !log.has(key))
        if (missing.length === 0) continue
        await ask(missing, async ({ key }, reply) => {
          if (keep) await log.append([{ key, content: Buffer.from(JSON.stringify(reply)) }])
          settle(key, reply)
        }, signal)
      }
      signal?.throwIfAborted()
      return Array.from(tasks, (_, i) => answers[i] ?? { problem: 'unusable' })
    },
    close: async () => await log.close(),
  }
}

/** Where below the cache's folder the replies of an endpoint's model lie. */
export function chatFolder (dir: string, { id }: Pick<ChatEndpoint, 'id'>): string {
  return join(dir, contentFolder([id, 'chat']))
}

/** What a request can come to at most. */
export function mostUsage ({ template, task }: ChatRequest): Usage {
  const { system, user } = template.fill(task.values)
  return { input: mostTokens(system + user), output: template.maxTokens }
}

/** Asks one call each, at most `atOnce` of them at a time, and within the account's budget. */
export function liveAsker (endpoint: ChatEndpoint, account: Account, atOnce: number): Asker {
  const { model } = endpoint
  return async (requests, keep, signal) => await runPool(requests.length, atOnce, async (i) => {
    const request = requests[i]!
    const { template, task: { values, step, user } } = request
    signal?.throwIfAborted()
    const release = await account.hold({ model, batch: false, most: mostUsage(request) })
    try {
      signal?.throwIfAborted()
      const reply = await endpoint.ask(template, template.fill(values), signal)
      await account.pay({
        step, model, batch: false, input: reply.input, output: reply.output, ...(user !== undefined && { user }),
      })
      await keep(request, reply)
    } finally {
      release()
    }
  })
}

function read (template: PromptTemplate, { text, finish }: Reply): ChatAnswer {
  return finish === 'refused' ? { problem: 'refused' } : answerOf(template, jsonIn(text))
}
