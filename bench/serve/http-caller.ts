import { connect, type Socket } from 'node:net'

/** One keep-alive connection to a server on loopback, one request at a time. */
export interface HttpCaller {
  /** Sends a whole request and gives the whole answer, head and body. */
  call: (request: Buffer) => Promise<Buffer>
  close: () => void
}

/** The service closes what was idle for 5 seconds, and says so: who asks again just then meets a closed door. */
const MOST_IDLE_MS = 4000

/**
 * Far cheaper than node:http's client, so that the generator of the load takes little of the cores it shares with what
 * it measures. Reads answers with a content-length alone; connects again where the server closed after an answer.
 */
export function httpCaller (port: number, now: () => number = () => performance.now()): HttpCaller {
  let socket: Socket | undefined
  let waiting: { resolve: (answer: Buffer) => void, reject: (error: Error) => void } | undefined
  let received: Buffer = Buffer.alloc(0)
  let answeredAt = 0

  const open = (): Socket => {
    const opened = connect({ host: '127.0.0.1', port, noDelay: true })
    const lost = (error?: Error): void => {
      if (socket !== opened) return
      socket = undefined
      waiting?.reject(error ?? new Error('the server closed the connection without an answer'))
      waiting = undefined
    }
    opened.on('error', lost).on('close', () => lost())
    opened.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const size = sizeOf(received)
      if (size === undefined || received.length < size) return
      const answer = received
      received = Buffer.alloc(0)
      if (/\r\nconnection: close\r\n/i.test(answer.toString('latin1', 0, answer.indexOf('\r\n\r\n') + 2))) {
        socket = undefined
        opened.end()
      }
      const { resolve } = waiting!
      waiting = undefined
      answeredAt = now()
      resolve(answer)
    })
    return opened
  }
  /** Gives up on a connection whose answers cannot be told apart. */
  const sizeOf = (bytes: Buffer): number | undefined => {
    try {
      return answerSize(bytes)
    } catch (error) {
      socket?.destroy(error as Error)
      return undefined
    }
  }
  return {
    call: async (request) => await new Promise((resolve, reject) => {
      if (socket !== undefined && now() - answeredAt > MOST_IDLE_MS) {
        socket.end()
        socket = undefined
      }
      waiting = { resolve, reject }
      received = Buffer.alloc(0)
      socket ??= open()
      socket.write(request)
    }),
    close: () => { socket?.destroy() },
  }
}

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

/** Bytes of head and body; undefined where the head is not whole yet. */
export function answerSize (received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = LENGTH.exec(received.toString('latin1', 0, end + 2))?.[1]
  if (length === undefined) throw new Error('an answer without a content-length')
  return end + 4 + Number(length)
}
