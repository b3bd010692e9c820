import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { compiled } from '../../src/paths.ts'

/** What the tests read of an answer. */
export interface Answer {
  readonly code?: string
  readonly basis?: string
  readonly state?: string
  readonly degraded?: boolean
  readonly accepted?: number
  readonly items: ReadonlyArray<{ readonly itemId: string, readonly domain: string, readonly title?: string }>
}

export interface ServiceProcess {
  readonly address: string
  /** Everything printed until it could answer. */
  readonly printed: string
  readonly child: ChildProcess
  /** All of the log so far. */
  log: () => string
  post: (path: string, body: unknown) => Promise<{ status: number, body: Answer }>
  get: (path: string) => Promise<Response>
  /** Ends it with SIGTERM unless told otherwise; resolves to the exit status, or the signal's name. */
  stop: (signal?: NodeJS.Signals) => Promise<number | string>
}

/**
 * Starts the compiled service as `npm start` does, on a free port, and waits for its address.
 * @param under a command that runs it as its own process, e.g. `strace -D`
 */
export async function startProcess (
  env: Record<string, string>, flags: readonly string[] = [], under: readonly string[] = []
): Promise<ServiceProcess> {
  const script = fileURLToPath(compiled('scripts/start.ts'))
  const [command = '', ...rest] = [...under, process.execPath, script, '--port', '0', ...flags]
  const child = spawn(command, rest, {
    // Neighbours of a test on a busy machine must not decide its answers.
    env: { ...process.env, REQUEST_TIMEOUT_MS: '5000', MAX_LOOP_DELAY_MS: '10000', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { log += text })
  const address = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`ended with ${code}\n${printed}\n${log}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const [, found] = /answers at (\S+)/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  return {
    address,
    printed,
    child,
    log: () => log,
    async post (path, body) {
      const response = await fetch(address + path, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
      })
      return { status: response.status, body: await response.json() as Answer }
    },
    get: async (path) => await fetch(address + path),
    async stop (signal = 'SIGTERM') {
      if (child.exitCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill(signal)
      const [code, by] = await ended as [number | null, string | null]
      return code ?? by ?? -1
    },
  }
}
