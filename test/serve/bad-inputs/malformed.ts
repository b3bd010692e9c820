/** What is no HTTP, or says two things at once, by the rows of RELIABILITY.md 5.0. */
export interface Malformed {
  readonly row: string
  readonly text: string
  readonly status: number
  readonly code: string
}

export const JSON_TYPE = 'content-type: application/json\r\n'
export const HEAD = `POST /recommend?domain=sport HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}`
export const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`

/** Hidden in a body: it is answered only where the service and what stands before it see different ends of one. */
export const SMUGGLED = 'GET /users/smuggled HTTP/1.1\r\nhost: x\r\n\r\n'

const at = (row: string, text: string): Malformed => ({ row, text, status: 400, code: 'malformed_http' })

export const MALFORMED: readonly Malformed[] = [
  at('T1 two ways to say the length', `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`),
  at('T2 two lengths', `${HEAD}content-length: 2\r\ncontent-length: 50\r\n\r\n{}${SMUGGLED}`),
  at('T3 a signed length', `${HEAD}content-length: +15\r\n\r\n{}${SMUGGLED}`),
  at('T4 an unknown encoding', `${HEAD}transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  at('T5 chunks that are not last', `${HEAD}transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  at('T6 a space before the colon', `${HEAD}transfer-encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  at('T7 lines without CR', `${HEAD.replaceAll('\r', '')}content-length: 2\n\n{}${SMUGGLED}`),
  at('T8 a folded header', `${HEAD}x-a: b\r\n c: d\r\ncontent-length: 2\r\n\r\n{}${SMUGGLED}`),
  at('T9 a chunk extension of 40 KB', `${CHUNKED}2;${'x'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`),
  at('T10 a chunk larger than can be', `${CHUNKED}fffffffffffffffff\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
  at('T14 no host', `POST /recommend?domain=sport HTTP/1.1\r\n${JSON_TYPE}connection: close\r\ncontent-length: 2\r\n\r\n{}`),
  at('T15 another protocol', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n'),
  at('T16 an unknown method', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n'),
  at('T19 TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'),
  at('T20 HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
]
