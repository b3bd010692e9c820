import { execFile } from 'node:child_process'
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

describe('every answer of the running service', () => {
  it.skipIf(!there && process.env.CI === undefined)(
    `P17: fits the API document, whatever is asked${there ? '' : ' (pip install schemathesis)'}`, async ({ task }) => {
      const { key, entry } = newKey('schemathesis', 'admin')
      const folder = await mkdtemp(join(tmpdir(), 'isthmus-schemathesis-'))
      const tiny = await writeTinyBundle({ embedder: { id: LOCAL_EMBEDDER_ID, width: 384 } })
      const service = await startProcess({ DATA_DIR: join(folder, 'data'), API_KEYS: entry }, ['--bundle', tiny.root])
      try {
        const { status, printed } = await schemathesis([
          '--config-file', fileURLToPath(new URL('./schemathesis.toml', import.meta.url)),
          'run', `${service.address}/openapi.json`, '--checks', 'all', '--seed', SEED, '--max-examples', EXAMPLES,
          // More operations than an address may show wrong keys in a minute; access.test.ts asks every route by itself.
          '--exclude-checks', 'ignored_auth',
          '--phases', 'examples,coverage,fuzzing,stateful', '--header', `Authorization: Bearer ${key}`, '--no-color',
          '--request-timeout', '30', '--generation-database', 'none',
        ], folder)
        const [cases = ''] = /\d+ generated.*/.exec(printed) ?? []
        figure({ task }, `${cases}, seed ${SEED}`)
        expect(status, printed.slice(-20_000)).toBe(0)
        expect(service.child.exitCode).toBeNull()
      } finally {
        await service.stop()
        await tiny.close()
        await rm(folder, { recursive: true, force: true })
      }
    })
})
