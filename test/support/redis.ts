import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { parseRedisUrl, type RedisAddress } from '../../src/config/redis-url.ts'

/** Redis processes of a test: on loopback, with their files in a folder of their own. */
export interface RedisServers {
  readonly url: string
  readonly address: RedisAddress
  /** A client of one of the data servers, for what only tests do. */
  readonly nodes: readonly RedisNode[]
  /** Sends a query to every data server, e.g. FLUSHALL. */
  all: (command: string, ...args: string[]) => Promise<unknown[]>
  close: () => Promise<void>
}

export interface RedisNode {
  readonly port: number
  readonly client: Redis
  kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Starts the process again, with the files that it left. */
  start: () => Promise<void>
}

export async function freePort (): Promise<number> {
  const port = await listenOnce(0)
  if (port === undefined) throw new Error('no port is free')
  return port
}

/** The port, where it could be listened on; 0 stands for any. */
async function listenOnce (wanted: number): Promise<number | undefined> {
  const server = createServer()
  server.listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** The words that start a server; its configuration file follows. */
export type RedisCommand = readonly [file: string, ...args: string[]]

const INSTALLED: RedisCommand = ['redis-server']

/** The server that `.ci/redis8` has put into a root of its own; undefined where it has not. */
export function findRedis8 (): RedisCommand | undefined {
  const root = process.env.REDIS8_ROOT ?? join(homedir(), '.cache/isthmus/debian-trixie-redis')
  const server = join(root, 'usr/bin/redis-server')
  if (!existsSync(server)) return undefined
  return [join(root, 'usr/lib64/ld-linux-x86-64.so.2'), '--library-path', join(root, 'usr/lib/x86_64-linux-gnu'), server]
}

/** @param lines of the server's configuration, e.g. `requirepass secret` */
async function startNode (
  root: string, lines: readonly string[] = [], password?: string, [command, ...args] = INSTALLED
): Promise<RedisNode> {
  const port = await portForCluster()
  const dir = join(root, String(port))
  await mkdir(dir)
  const file = join(dir, 'redis.conf')
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, 'save ""', 'daemonize no', ...lines].join('\n'))
  let child: ChildProcess
  const client = new Redis({
    port, lazyConnect: true, retryStrategy: () => 50, ...(password === undefined ? {} : { password }),
  })
  client.on('error', () => {})
  const node: RedisNode = {
    port,
    client,
    async start () {
      child = spawn(command, [...args, file], { stdio: 'ignore' })
      await vi.waitFor(async () => { await client.ping() }, { timeout: 20_000 })
    },
    async kill (signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
    },
  }
  await node.start()
  return node
}

/** The port of a cluster's bus lies 10,000 above, and has to be free as well. */
async function portForCluster (): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port < 55_000 && await listenOnce(port + 10_000) !== undefined) return port
  }
}

async function servers (
  url: string, root: string, nodes: readonly RedisNode[], more: readonly ChildProcess[] = []
): Promise<RedisServers> {
  return {
    url,
    address: parseRedisUrl(url, 'REDIS_URL'),
    nodes,
    all: async (command, ...args) =>
      await Promise.all(nodes.map(async ({ client }) => await client.call(command, ...args))),
    async close () {
      for (const child of more) child.kill('SIGKILL')
      for (const { client, kill } of nodes) {
        client.disconnect()
        await kill()
      }
      await rm(root, { recursive: true, force: true })
    },
  }
}

const newRoot = async (): Promise<string> => await mkdtemp(join(tmpdir(), 'isthmus-redis-'))

/** One server that keeps nothing on its disk, as Redis does unless told. */
export async function startRedis (lines: readonly string[] = [], password?: string): Promise<RedisServers> {
  const root = await newRoot()
  const node = await startNode(root, lines, password)
  const secret = password === undefined ? '' : `:${password}@`
  return await servers(`redis://${secret}127.0.0.1:${node.port}`, root, [node])
}

/** A cluster of three masters. */
export async function startCluster (command?: RedisCommand): Promise<RedisServers> {
  const root = await newRoot()
  const lines = ['cluster-enabled yes', 'cluster-node-timeout 2000', 'cluster-require-full-coverage no']
  const nodes = await Promise.all([0, 1, 2].map(async () => await startNode(root, lines, undefined, command)))
  const slots = [[0, 5460], [5461, 10_922], [10_923, 16_383]]
  for (const [i, { client }] of nodes.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', ...slots[i]!.map(String))
    if (i > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port))
  }
  await vi.waitFor(async () => {
    for (const { client } of nodes) {
      const info = String(await client.call('CLUSTER', 'INFO'))
      // Without full coverage a node is ok before it knows who holds the slots of the others.
      const known = ['cluster_state:ok', 'cluster_known_nodes:3', 'cluster_slots_assigned:16384']
      if (!known.every((line) => info.includes(line))) throw new Error(info)
    }
  }, { timeout: 30_000 })
  return await servers(`redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, root, nodes)
}

/** A master, a replica of it, and three sentinels that replace a master within seconds. */
export async function startSentinel (): Promise<RedisServers> {
  const root = await newRoot()
  const master = await startNode(root)
  const replica = await startNode(root, [`replicaof 127.0.0.1 ${master.port}`])
  await vi.waitFor(async () => {
    const info = await replica.client.info('replication')
    if (!info.includes('master_link_status:up')) throw new Error(info)
  }, { timeout: 20_000 })
  const ports = await Promise.all([0, 1, 2].map(freePort))
  const sentinels = await Promise.all(ports.map(async (port) => {
    const file = join(root, `sentinel-${port}.conf`)
    await writeFile(file, [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${root}`,
      `sentinel monitor shop 127.0.0.1 ${master.port} 2`,
      'sentinel down-after-milliseconds shop 1000',
      'sentinel failover-timeout shop 5000',
    ].join('\n'))
    return spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  }))
  for (const port of ports) {
    const client = new Redis({ port, retryStrategy: () => 50 })
    client.on('error', () => {})
    await vi.waitFor(async () => {
      const [, , , , , , , , , ...rest] = await client.call('SENTINEL', 'MASTER', 'shop') as string[]
      const at = (name: string): string => rest[rest.indexOf(name) + 1] ?? ''
      if (at('num-slaves') !== '1' || at('num-other-sentinels') !== '2') throw new Error('not yet all known')
    }, { timeout: 30_000 })
    client.disconnect()
  }
  const list = ports.map((port) => `127.0.0.1:${port}`).join(',')
  return await servers(`redis+sentinel://${list}/shop`, root, [master, replica], sentinels)
}
