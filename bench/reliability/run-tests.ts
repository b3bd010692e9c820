import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageRoot } from '../../src/paths.ts'
import type { VitestReport } from './report.ts'

const CLAIM = 'P[0-9]{1,2}(, P[0-9]{1,2})*: '

/** Runs every test that is named by a promise, in all tiers, and gives what came of them. `dist` has to be built. */
export async function runPromiseTests (): Promise<VitestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-reliability-'))
  try {
    const outputFile = join(folder, 'report.json')
    const vitest = fileURLToPath(new URL('./vitest.mjs', import.meta.resolve('vitest/package.json')))
    const child = spawn(process.execPath, [
      vitest, 'run', ...await filesThatClaim(), '--testNamePattern', CLAIM,
      '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`,
    ], { cwd: packageRoot, stdio: 'inherit' })
    await once(child, 'exit')
    return JSON.parse(await readFile(outputFile, 'utf8')) as VitestReport
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function filesThatClaim (): Promise<string[]> {
  const names = await readdir(join(packageRoot, 'test'), { recursive: true })
  const files = names.filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name)).sort()
  const texts = await Promise.all(files.map(async (file) => await readFile(join(packageRoot, file), 'utf8')))
  return files.filter((_, i) => new RegExp(`['"\`]${CLAIM}`).test(texts[i]!))
}
