import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { compiled } from '../../../src/paths.ts'

const SMALL = ['--catalogues', '200', '--batches', '1,4', '--steps', '1']

it('gpu-check says what loads on this machine, or why not, and computes on what there is', () => {
  const script = fileURLToPath(compiled('scripts/gpu-check.ts'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...SMALL], { encoding: 'utf8' })
  expect(stderr).toContain('(0/3 parts) encoder and exact search')
  expect(stdout).toMatch(/^\| 4 \| \d+\.\d\d \|/m)
  const loads = stdout.includes('ONNX Runtime, CUDA: loads')
  const reason = /^ONNX Runtime, CUDA: does not load; (missing: |its provider library is not there|it is )/m
  if (!loads) expect(stdout).toMatch(reason)
  expect(stdout).toContain(loads ? '| 200 | 4 |' : 'CUDA was not checked.')
  expect(status).toBe(loads && stdout.includes(': yes.') ? 0 : 78)
}, 120_000)
