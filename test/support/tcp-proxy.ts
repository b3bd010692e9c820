import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/**
 * What the way to a server does: `ok`; `down`, connections are refused and cut; `hang`, they are taken and nothing
 * comes through until later; `slow`, each piece comes so many milliseconds late; `cut`, they are reset after so many
 * bytes of an answer; `slice`, answers come in pieces of so many bytes.
 */
export type Way = 'ok' | 'down' | 'hang' | readonly ['slow' | 'cut' | 'slice', number]

/** Stands between a client and a server on loopback: the faults that toxiproxy makes, without a program to fetch. */
export interface TcpProxy {
  readonly port: number
  set: (way: Way) => void
  close: () => Promise<void>
}

export async function startProxy (to: number): Promise<TcpProxy> {
  let way: Way = 'ok'
  const sockets = new Set<Socket>()
  const held: Array<() => void> = []
  const server = createServer((inner) => {
    const outer = connect(to, '127.0.0.1')
    for (const socket of [inner, outer]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        inner.destroy()
        outer.destroy()
      })
    }
    if (way === 'down') {
      inner.resetAndDestroy()
      return
    }
    const count = { bytes: 0 }
    inner.on('data', (bytes: Buffer) => { pass(bytes, outer) })
    outer.on('data', (bytes: Buffer) => { answer(bytes, inner, count) })
  })

  const pass = (bytes: Buffer, target: Socket): void => {
    if (target.destroyed) return
    if (way === 'hang') held.push(() => { target.write(bytes) })
    else if (typeof way === 'object' && way[0] === 'slow') setTimeout(() => { target.write(bytes) }, way[1])
    else target.write(bytes)
  }
  const answer = (bytes: Buffer, target: Socket, count: { bytes: number }): void => {
    count.bytes += bytes.length
    if (typeof way !== 'object' || way[0] === 'slow') pass(bytes, target)
    else if (way[0] === 'slice') for (let at = 0; at < bytes.length; at += way[1]) target.write(bytes.subarray(at, at + way[1]))
    else if (count.bytes > way[1]) target.resetAndDestroy()
    else target.write(bytes)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    set (next) {
      way = next
      if (next !== 'hang') for (const write of held.splice(0)) write()
      if (next === 'down') for (const socket of sockets) socket.resetAndDestroy()
    },
    async close () {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
