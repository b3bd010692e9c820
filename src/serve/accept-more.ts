import { type ChildProcess, fork, type SendHandle } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { compiled } from '../paths.ts'

export interface AcceptMoreOptions {
  /** Connections that a turn of the event loop takes besides the one that it takes anyway. */
  readonly more: number
  /** Connections that may wait to be accepted, as the server has it. */
  readonly backlog: number
}

/** Far more than a process needs to start on a busy machine. */
const WITHIN_MS = 5000

/**
 * Lets a listening server accept several connections in a turn of the event loop. The loop accepts one for each
 * descriptor that it watches (libuv, since 1.45), and under load its turns take tens of milliseconds: callers that come
 * without a connection, probes first of all, would wait for seconds before anybody knew of them. So it gets more
 * descriptors of the same socket, which only another process can make: one that is sent the socket and sends it back.
 *
 * Resolves with what stops that: to be called before the server closes; what it gives resolves once their connections
 * have ended. Rejects where there is no such process, or none that answers; the server is as it was then.
 */
export async function acceptMore (server: Server, { more, backlog }: AcceptMoreOptions): Promise<() => Promise<void>> {
  const child = fork(compiled('src/serve/hand-back.ts'), { env: {}, execArgv: [], stdio: 'ignore' })
  const gone = once(child, 'close')
  try {
    const doors = (await handedBack(child, server, more)).map((handle) =>
      createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket))
        .listen(handle, backlog))
    return async () => {
      await Promise.all(doors.map(async (door) => await new Promise((resolve) => door.close(resolve))))
    }
  } finally {
    child.kill('SIGKILL')
    // Until then the socket is open over there, too.
    await gone
  }
}

async function handedBack (child: ChildProcess, server: Server, times: number): Promise<SendHandle[]> {
  const handles: SendHandle[] = []
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(reject, WITHIN_MS, new Error(`no answer within ${WITHIN_MS} ms`))
    child.once('error', reject).once('exit', (code, signal) => reject(new Error(`it ended (${signal ?? code})`)))
    child.on('message', (_message, handle) => {
      if (handle === undefined) return reject(new Error('it sent no socket back'))
      if (handles.push(handle) === times) resolve()
    })
    // The handle below the server: a server that is sent would accept over there too, and lose what it accepted.
    child.send(times, (server as Server & { readonly _handle: SendHandle })._handle)
  }).finally(() => clearTimeout(timer))
  return handles
}
