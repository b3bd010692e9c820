#!/usr/bin/env node
// The door to every command: `npx isthmus <command> [flags]`, and what the npm scripts call. In a clone it compiles
// first (incrementally), so that a command never runs stale code; an image or an installed package ships dist instead.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const [called = 'help', ...flags] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))

if (called === '--version') {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
  process.exit(0)
}

// npm runs the script named `prepare` by itself after an install, and before the first `npx isthmus` in a clone; ours
// is a step that users ask for by name.
const { npm_command: npmCommand, npm_lifecycle_event: npmScript } = process.env
if (called === 'prepare' && npmScript === 'prepare' && !['run', 'run-script'].includes(npmCommand)) process.exit(0)

const compiler = findCompiler()
if (compiler !== undefined) {
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

// `bench:serve` is what npm calls `bench-serve`.
const command = ['--help', '-h'].includes(called) ? 'help' : called.replace(':', '-')
const script = /^[a-z-]+$/.test(command) ? fileURLToPath(new URL(`../dist/scripts/${command}.js`, import.meta.url)) : ''
const [target, args] = existsSync(script)
  ? [script, flags]
  // It says that there is no such command, which was meant, and ends with 64.
  : [fileURLToPath(new URL('../dist/scripts/help.js', import.meta.url)), [called]]
process.argv = [process.argv[0], target, ...args]
await import(target)

/** TypeScript, where this is a clone: an installed package has no sources, and its neighbours may have a compiler. */
function findCompiler () {
  if (!existsSync(new URL('../tsconfig.json', import.meta.url))) return undefined
  try {
    return createRequire(import.meta.url).resolve('typescript/bin/tsc')
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
