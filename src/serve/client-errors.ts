import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { PROBLEM_TYPE } from './plugins/errors.ts'
import { requestIdOf } from './plugins/request-id.ts'
import { problem, PROBLEMS, type ProblemCode } from './problems.ts'

/** Node's codes of requests that never became one: https://nodejs.org/api/http.html#event-clienterror */
const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** Answers what Node could not parse, and closes: what follows on such a connection cannot be trusted. */
export function answerClientError (error: Error & { readonly code?: string }, socket: Socket): void {
  // Gone, or in the middle of an answer: nothing more can be said to this client.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  end(socket, CODES[error.code ?? ''] ?? 'malformed_http', randomUUID())
}

/** Answers a CONNECT, which Node hands over as a bare socket: this is no proxy. */
export function answerConnect (request: IncomingMessage, socket: Duplex): void {
  // Whoever asked may go before the answer is out.
  socket.on('error', () => {})
  end(socket, 'method_not_allowed', requestIdOf(request))
}

function end (socket: Duplex, code: ProblemCode, id: string): void {
  const body = JSON.stringify(problem(code, id))
  const [status] = PROBLEMS[code]
  socket.end([
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
    '',
    body,
  ].join('\r\n'))
}

/** Answers an `Expect` header other than 100-continue. */
export function answerExpectation (request: IncomingMessage, response: ServerResponse): void {
  const id = requestIdOf(request)
  response.writeHead(PROBLEMS.expectation_failed[0], {
    'content-type': PROBLEM_TYPE, 'x-request-id': id, connection: 'close',
  })
  response.end(JSON.stringify(problem('expectation_failed', id)))
}
