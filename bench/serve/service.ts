import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiled } from '../../src/paths.ts'
import { onCores } from '../cores.ts'

export interface ServiceProcess {
  readonly port: number
  readonly pid: number
  stop: () => Promise<void>
}

export interface ServiceProcessOptions {
  /** Variables of the service's own. */
  readonly env?: Readonly<Record<string, string>>
  /** All unless given. */
  readonly cores?: string | undefined
}

/**
 * Of Node, for a service: what requests leave behind dies young, and in V8's small nursery too much of it is copied
 * first. Capacity and goodput under overload were 5 % higher with this one.
 */
export const SERVICE_FLAGS = ['--max-semi-space-size=64']

/** The service as `npm start` runs it, on a free port of loopback, with an empty journal that is thrown away. */
export async function startServiceProcess (
  bundle: string, { env = {}, cores }: ServiceProcessOptions = {}
): Promise<ServiceProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'isthmus-bench-'))
  const start = fileURLToPath(compiled('scripts/start.ts'))
  const [command, ...before] = onCores(cores)
  const child = spawn(
    command, [...before, ...SERVICE_FLAGS, start, '--bundle', bundle, '--host', '127.0.0.1', '--port', '0', '--data-dir', dataDir],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LOG_LEVEL: 'error', ...env } }
  )
  const gone = once(child, 'exit')
  let printed = ''
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const found = /answers at http:\/\/127\.0\.0\.1:(\d+)/.exec(printed)?.[1]
      if (found !== undefined) resolve(Number(found))
    })
    gone.then(() => reject(new Error('the service ended before it answered')), reject)
  })
  return {
    port,
    pid: child.pid!,
    async stop () {
      child.kill('SIGTERM')
      await gone
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
