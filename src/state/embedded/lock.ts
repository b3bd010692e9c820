import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { IsthmusError } from '../../errors.ts'

const NAME = /^lock-[0-9a-f]{8}\.sock$/
/** A socket's address holds 108 bytes, with the zero at its end; macOS takes 104. */
const MAX_PATH = 103

export interface Lock {
  readonly release: () => Promise<void>
}

/**
 * Takes a data directory for this process, and makes it where absent. Throws `store_locked` where another process has
 * it, and `config_invalid` where it cannot be used.
 *
 * A lock is a listening socket inside the directory, under a name of its own: the kernel closes it when its process
 * ends, however it ends, and it is seen from other containers that share the directory, where a process id says
 * nothing. Each one first listens and then looks for others; of two that start at once at least one sees the other.
 */
export async function takeLock (dir: string): Promise<Lock> {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const own = `lock-${randomUUID().slice(0, 8)}.sock`
    const server = await listen(socketPath(dir, own))
    const release = async (): Promise<void> => {
      await new Promise((resolve) => server.close(resolve))
      rmSync(join(dir, own), { force: true })
    }
    try {
      await refuseOthers(dir, own)
    } catch (error) {
      await release()
      throw error
    }
    return { release }
  } catch (cause) {
    if (cause instanceof IsthmusError) throw cause
    throw new IsthmusError('config_invalid', `${dir} cannot be used as data directory`, {
      cause, place: { field: 'DATA_DIR', file: dir },
    })
  }
}

/** Throws `store_locked` where another socket of a lock is listened to; clears away those of processes that ended. */
async function refuseOthers (dir: string, own: string): Promise<void> {
  for (const name of readdirSync(dir).filter((name) => NAME.test(name) && name !== own)) {
    if (await isAlive(socketPath(dir, name))) {
      throw new IsthmusError('store_locked', `${dir} is in use by another process`, {
        place: { field: 'DATA_DIR', file: dir },
      })
    }
    rmSync(join(dir, name), { force: true })
  }
}

/** Whether a process has the data directory, without a try to take it. */
export async function isLocked (dir: string): Promise<boolean> {
  for (const name of readdirSync(dir).filter((name) => NAME.test(name))) {
    if (await isAlive(socketPath(dir, name))) return true
  }
  return false
}

async function listen (path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  // A process that has nothing else to do may end; the lock ends with it.
  return server.unref()
}

async function isAlive (path: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      // Its queue is full, or it gave up while we waited in it: somebody was there.
      else if (error.code === 'EAGAIN' || error.code === 'ECONNRESET') resolve(true)
      else reject(error)
    })
  })
}

function socketPath (dir: string, name: string): string {
  const absolute = resolve(dir, name)
  const fromHere = relative(process.cwd(), absolute)
  const path = Buffer.byteLength(fromHere) < Buffer.byteLength(absolute) ? fromHere : absolute
  if (Buffer.byteLength(path) <= MAX_PATH) return path
  throw new IsthmusError('config_invalid', `the path of ${dir} is too long for a socket in it`, {
    place: { field: 'DATA_DIR', file: dir },
  })
}
