import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { newKey } from '../../src/config/api-keys.ts'
import { LOCAL_EMBEDDER_ID } from '../../src/encode/local-embedder.ts'
import { figure } from '../support/figures.ts'
import { writeTinyBundle } from '../support/tiny-bundle.ts'
import { startProcess } from './process.ts'

const SEED = process.env.SEED ?? '17'
const EXAMPLES = '25'

interface Run { readonly status: number | string, readonly printed: string }

/** `SCHEMATHESIS` names the program; else it is looked for on the PATH. */
async function schemathesis (args: readonly string[], cwd: string): Promise<Run> {
  const program = process.env.SCHEMATHESIS ?? 'schemathesis'
  return await new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code ?? -1, printed: stdout + stderr }))
  })
}

const there = (await schemathesis(['--version'], '.')).status === 0

/**
 * Stands before a service on loopback and asks it from another address each time: as many callers as there are calls,
 * so that none of them shows more wrong keys in a minute than an address may.
 */
async function manyCallers (
  target: string
): Promise<{ readonly address: string, readonly close: () => Promise<void> }> {
  let calls = 0
  const server = createServer((received, answer) => {
    const { method, url = '/', headers } = received
    const n = ++calls
    const sent = ask(new URL(url, target), {
      method, headers, localAddress: `127.1.${(n >> 8) & 255}.${n & 255}`, agent: false,
    }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.rawHeaders)
      back.pipe(answer)
    })
    sent.on('error', () => answer.destroy())
    received.pipe(sent)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('every answer of the running service', () => {
  it.skipIf(!there && process.env.CI === undefined)(
    `P17: fits the API document, whatever is asked${there ? '' : ' (pip install schemathesis)'}`, async ({ task }) => {
      const { key, entry } = newKey('schemathesis', 'admin')
      const folder = await mkdtemp(join(tmpdir(), 'isthmus-schemathesis-'))
      const tiny = await writeTinyBundle({ embedder: { id: LOCAL_EMBEDDER_ID, width: 384 } })
      const service = await startProcess({ DATA_DIR: join(folder, 'data'), API_KEYS: entry }, ['--bundle', tiny.root])
      const callers = await manyCallers(service.address)
      const run = async (address: string, ...args: readonly string[]): Promise<Run> => await schemathesis([
        '--config-file', fileURLToPath(new URL('./schemathesis.toml', import.meta.url)),
        'run', `${address}/openapi.json`, '--seed', SEED, '--max-examples', EXAMPLES, '--no-color',
        '--header', `Authorization: Bearer ${key}`, '--request-timeout', '30', '--generation-database', 'none', ...args,
      ], folder)
      try {
        // Keys that are wrong are asked with apart: more operations than one address may show them to in a minute.
        const keys = await run(callers.address, '--checks', 'ignored_auth', '--phases', 'examples,coverage')
        expect(keys.status, keys.printed.slice(-20_000)).toBe(0)
        const all = await run(
          service.address, '--checks', 'all', '--exclude-checks', 'ignored_auth',
          '--phases', 'examples,coverage,fuzzing,stateful')
        const [cases = ''] = /\d+ generated.*/.exec(all.printed) ?? []
        figure({ task }, `${cases}, seed ${SEED}`)
        expect(all.status, all.printed.slice(-20_000)).toBe(0)
        expect(service.child.exitCode).toBeNull()
      } finally {
        await callers.close()
        await service.stop()
        await tiny.close()
        await rm(folder, { recursive: true, force: true })
      }
    })
})
