import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to a request on its way: it is passed on, or something goes wrong. */
export type Fate = 'pass' | 'drop' | 'cut' | 'cut in the answer' | 'no JSON' | 429 | 500

export interface CountingProxy {
  readonly baseUrl: string
  /** How often each body was answered in full. */
  readonly answered: Map<string, number>
  readonly asked: () => number
  /** Decides each request by its number, from 1; `drop` never answers. */
  fate: (count: number) => Fate
  close: () => Promise<void>
}

/** Stands before servers that are not ours, counts what they answer, and has connections fail as they do. */
export async function countingProxy (upstreams: Readonly<Record<string, string>>): Promise<CountingProxy> {
  const answered = new Map<string, number>()
  let count = 0
  const proxy = { answered, asked: () => count, fate: (_: number): Fate => 'pass' }
  const pass = async (path: string, body: string, response: ServerResponse): Promise<void> => {
    const answer = await fetch(`${upstreams[path] ?? ''}${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body,
    })
    const text = await answer.text()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
    answered.set(body, (answered.get(body) ?? 0) + 1)
  }
  const answer = (fate: Fate, path: string, body: string, response: ServerResponse): void => {
    if (fate === 'pass') pass(path, body, response).catch((error: unknown) => response.destroy(error as Error))
    else if (fate === 'cut') response.destroy()
    else if (fate === 'no JSON') response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": [')
    else if (fate === 'cut in the answer') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"choices"', () => response.destroy())
    } else if (fate !== 'drop') response.writeHead(fate, { 'retry-after': '0' }).end('{}')
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => answer(proxy.fate(++count), request.url ?? '', Buffer.concat(parts).toString('utf8'), response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(proxy, {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
