// Runs one command of scripts/: `node scripts/run.mjs <command> [flags]`. Compiles first (incrementally) where the
// compiler is installed, so that a command never runs stale code; an image without it ships dist instead.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [command = '', ...flags] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))

// npm runs the script named `prepare` by itself after an install; ours is a step that users ask for by name.
const npmCommand = process.env.npm_command
const askedByUser = npmCommand === undefined || ['run', 'run-script', 'start', 'test'].includes(npmCommand)
if (command === 'prepare' && !askedByUser) process.exit(0)

const compiler = findCompiler()
if (compiler !== undefined) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const target = new URL(`../dist/scripts/${command}.js`, import.meta.url)
if (!/^[a-z-]+$/.test(command) || !existsSync(target)) {
  console.error(`isthmus: no command named "${command}"`)
  process.exit(64)
}
process.argv = [process.argv[0], fileURLToPath(target), ...flags]
await import(target)

function findCompiler () {
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc')
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
