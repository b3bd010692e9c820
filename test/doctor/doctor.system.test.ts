import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compiled } from '../../src/paths.ts'

describe('npm run doctor', () => {
  const run = (env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [fileURLToPath(compiled('scripts/doctor.ts'))], {
      encoding: 'utf8', env: { ...process.env, ...env },
    })

  it('looks at this machine, with or without optional packages, and ends well', () => {
    const { status, stdout } = run({ REDIS_URL: 'redis://127.0.0.1:1' })
    expect(status).toBe(0)
    expect(stdout.split('\n').flatMap((line) => /^(?:found|absent|MISSING) +(.+?) {2,}/.exec(line)?.[1] ?? [])).toEqual([
      'Node', 'training backend', 'ONNX Runtime, CPU', 'ONNX Runtime, CUDA', 'index: exact', 'index: hnsw', 'Redis',
      'text encoder', 'bundle',
    ])
    expect(stdout).toMatch(/^found +ONNX Runtime, CPU/m)
    expect(stdout).toMatch(/^found +text encoder +all-MiniLM/m)
  })
})
