import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The folder of package.json, whether this runs as src/*.ts or as dist/src/*.js. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)))

/**
 * Where commands leave what they make unless told otherwise: the clone, or where an installed package is called from,
 * whose own folder is replaced by the next install.
 */
export const workRoot = packageRoot.includes(`${sep}node_modules${sep}`) ? process.cwd() : packageRoot

/** Where vectors and answers that were paid for are kept unless told otherwise. */
export const contentCache = join(workRoot, '.cache/llm')

/**
 * The compiled form of a module of ours, e.g. `src/recommend/engine-worker.ts`: what worker threads and child
 * processes load, since they do not see the test runner's loader.
 */
export function compiled (module: string): URL {
  return pathToFileURL(join(packageRoot, 'dist', module.replace(/\.ts$/, '.js')))
}

function findRoot (from: string): string {
  return existsSync(join(from, 'package.json')) ? from : findRoot(dirname(from))
}

/** Where a user's programs keep what can be made again. */
export function cacheFolder (environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'isthmus')
}
