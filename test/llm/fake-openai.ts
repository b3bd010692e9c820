import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hashEmbedder } from '../support/hash-embedder.ts'

/** What the endpoint was asked. */
export interface Asked {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly model: string
    readonly input: readonly string[]
    readonly dimensions?: number
    /** Of a chat. */
    readonly messages?: ReadonlyArray<{ readonly role: string, readonly content: string }>
    readonly response_format?: unknown
  }
}

/** Takes one request's place in the queue of answers. */
export type Answer = (response: ServerResponse, asked: Asked) => void

export interface FakeOpenai {
  readonly baseUrl: string
  readonly asked: Asked[]
  /** Answers of the next requests, in turn; after them each request gets its rows. */
  readonly answers: Answer[]
  close: () => Promise<void>
}

/** A real HTTP server that answers as an endpoint of embeddings and chats does, or as it is told. */
export async function fakeOpenai (width: number): Promise<FakeOpenai> {
  const embedder = hashEmbedder({ width })
  const asked: Asked[] = []
  const answers: Answer[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Asked['body']
      const one = { url: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      const answer = answers.shift()
      if (answer !== undefined) return answer(response, one)
      if (body.messages !== undefined) return json(200, chatAnswer(noteOn(body.messages)))(response, one)
      embedder.embed(body.input).then((rows) => {
        json(200, { object: 'list', data: entries(rows, width), model: body.model })(response, one)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    asked,
    answers,
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The `data` of an answer with these rows. */
export function entries (rows: Float32Array, width: number): { index: number, embedding: number[] }[] {
  return Array.from({ length: rows.length / width }, (_, index) =>
    ({ object: 'embedding', index, embedding: [...rows.subarray(index * width, (index + 1) * width)] }))
}

/** What the fake says of a prompt: the same of the same one. */
export function noteOn (messages: ReadonlyArray<{ readonly content: string }>): string {
  return JSON.stringify({ note: `note ${createHash('sha256').update(JSON.stringify(messages)).digest('hex').slice(0, 12)}` })
}

/** The body of a chat's answer. */
export function chatAnswer (content: string | null, finish = 'stop', message: object = {}): object {
  return {
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content, ...message } }],
    usage: { prompt_tokens: 100, completion_tokens: 10 },
  }
}

export function json (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return raw(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
}

export function raw (status: number, body: string, headers: Readonly<Record<string, string>>): Answer {
  return (response) => { response.writeHead(status, headers).end(body) }
}
