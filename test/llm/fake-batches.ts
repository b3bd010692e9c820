import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chatAnswer, noteOn } from './fake-openai.ts'

interface Line {
  readonly custom_id: string
  readonly body: { readonly messages: ReadonlyArray<{ readonly content: string }> }
}

interface Creation { readonly input_file_id: string, readonly metadata: Record<string, string> }

export interface FakeBatch {
  readonly id: string
  readonly lines: readonly Line[]
  readonly metadata: Readonly<Record<string, string>>
  status: string
  output: string
  errors: string
}

/** What the endpoint says of one line; undefined where the batch ends before it. */
export type LineAnswer = (line: Line) => { readonly status: number, readonly body: unknown } | undefined

export interface FakeBatches {
  readonly baseUrl: string
  readonly batches: FakeBatch[]
  /** Every request, as `METHOD /path`. */
  readonly asked: string[]
  /** Ends a batch; what it says of each line, by default a note on its messages. */
  finish: (batch: FakeBatch, status?: string, answer?: LineAnswer) => void
  /** Called when a batch is created and before it is answered; true cuts the connection. */
  onCreate: () => boolean
  close: () => Promise<void>
}

/**
 * A real HTTP server with files and batches as OpenAI has them: no third-party mock has. Calls for embeddings are
 * passed on to the server at `embeddings`.
 */
export async function fakeBatches (
  { embeddings = '' }: { readonly embeddings?: string } = {}
): Promise<FakeBatches> {
  const files = new Map<string, string>()
  const batches: FakeBatch[] = []
  const asked: string[] = []
  const shown = ({ id, status, metadata, output, errors, lines }: FakeBatch): object => ({
    id,
    object: 'batch',
    status,
    metadata,
    output_file_id: output === '' ? null : output,
    error_file_id: errors === '' ? null : errors,
    ...(status === 'failed' && { errors: { data: [{ code: 'token_limit_exceeded', message: 'secret' }] } }),
    request_counts: { total: lines.length, completed: output === '' ? 0 : files.get(output)!.trim().split('\n').length, failed: 0 },
  })
  const keep = (text: string): string => {
    const id = `file-${files.size}`
    files.set(id, text)
    return id
  }
  const fake: Omit<FakeBatches, 'baseUrl' | 'close'> = {
    batches,
    asked,
    onCreate: () => false,
    finish (batch, status = 'completed', answer = ({ body }) => ({ status: 200, body: chatAnswer(noteOn(body.messages)) })) {
      const said = batch.lines.flatMap((line) => {
        const one = answer(line)
        if (one === undefined) return []
        const { status, body } = one
        const text = JSON.stringify({ custom_id: line.custom_id, response: { status_code: status, body } })
        return [{ status, text: `${text}\n` }]
      })
      // Not in the order in which they were sent, as the documentation warns.
      const text = (good: boolean): string =>
        said.filter(({ status }) => (status === 200) === good).map(({ text }) => text).reverse().join('')
      if (text(true) !== '') batch.output = keep(text(true))
      if (text(false) !== '') batch.errors = keep(text(false))
      batch.status = status
    },
  }
  const routes = (method: string, path: string, body: string, response: ServerResponse): void => {
    const json = (value: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (method === 'POST' && path === '/v1/files') {
      const [, text = ''] = /filename="isthmus\.jsonl"[^]*?\r\n\r\n([^]*?)\r\n--/.exec(body) ?? []
      json({ id: keep(text), object: 'file' })
    } else if (method === 'POST' && path === '/v1/batches') {
      const { input_file_id: file, metadata } = JSON.parse(body) as Creation
      const lines = files.get(file)!.trim().split('\n').map((line) => JSON.parse(line) as Line)
      const batch = { id: `batch-${batches.length}`, lines, metadata, status: 'in_progress', output: '', errors: '' }
      batches.unshift(batch)
      if (fake.onCreate()) response.destroy()
      else json(shown(batch))
    } else if (path === '/v1/batches') {
      json({ object: 'list', data: batches.map(shown), has_more: false })
    } else if (path === '/v1/embeddings') {
      fetch(`${embeddings}${path}`, { method, body }).then(async (answer) => json(await answer.json()))
        .catch((error: unknown) => response.destroy(error as Error))
    } else if (path.endsWith('/content')) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(files.get(path.split('/')[3]!))
    } else {
      json(shown(batches.find(({ id }) => path === `/v1/batches/${id}`)!))
    }
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const path = new URL(request.url ?? '', 'http://localhost').pathname
      asked.push(`${request.method} ${path}`)
      routes(request.method ?? '', path, Buffer.concat(parts).toString('utf8'), response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(fake, {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
