import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compiled } from '../../src/paths.ts'

describe('npm run doctor', () => {
  const run = (env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [fileURLToPath(compiled('scripts/doctor.ts'))], {
      encoding: 'utf8', env: { ...process.env, ...env },
    })

  it('looks at this machine, with or without optional packages, and ends well', () => {
    const { status, stdout } = run({ REDIS_URL: 'redis://127.0.0.1:1', PORT: '0' })
    expect(status).toBe(0)
    expect(stdout.split('\n').flatMap((line) => /^(?:found|absent|MISSING) +(.+?) {2,}/.exec(line)?.[1] ?? [])).toEqual([
      'Node', 'training backend', 'ONNX Runtime, CPU', 'ONNX Runtime, CUDA', 'index: exact', 'index: hnsw', 'text encoder',
      'settings', 'API keys', 'bundle', 'text embedder', 'data directory', 'journal', 'Redis', 'ports',
    ])
    expect(stdout).toMatch(/^found +ONNX Runtime, CPU/m)
    expect(stdout).toMatch(/^found +text encoder +all-MiniLM/m)
    expect(stdout).toMatch(/^absent +Redis +nothing answers: single at 127\.0\.0\.1:1$/m)
  })

  it('ends with 78 where a setting is wrong, and names it', () => {
    const { status, stdout } = run({ METRICS_PORT: '70000' })
    expect(status).toBe(78)
    expect(stdout).toMatch(/^MISSING +settings +METRICS_PORT /m)
  })

  it('finds a Redis that answers, and does not show its password', async (context) => {
    const port = await freePort()
    const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', 'hush'])
    try {
      const listens = await new Promise<boolean>((resolve) => {
        server.on('error', () => resolve(false))
        server.stdout.on('data', (text: Buffer) => { if (text.includes('Ready to accept')) resolve(true) })
      })
      if (process.env.CI === undefined) context.skip(!listens, 'redis-server is not installed')
      const { status, stdout } = run({ REDIS_URL: `redis://:hush@127.0.0.1:${port}` })
      expect(status).toBe(0)
      expect(stdout).toMatch(new RegExp(`^found +Redis +\\d+\\.\\d+\\.\\d+, single at 127\\.0\\.0\\.1:${port}$`, 'm'))
      expect(stdout).not.toContain('hush')
    } finally {
      server.kill()
    }
  })
})

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
