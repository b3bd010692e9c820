import { join } from 'node:path'
import { cacheFolder } from '../paths.ts'

export type NativeFlavor = 'cpu' | 'gpu'

/** Versions that `npm run setup:native` builds from: the npm package, and the Python wheel whose C library it uses. */
export const TFJS_VERSION = '4.22.0'
export const TENSORFLOW_VERSION = '2.21.0'

/** Where native addons are kept: outside node_modules, which `npm ci` empties. */
export function nativeCache (environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(environment), 'native')
}

/** The folder of one finished build; its node_modules hold the addon. One build serves every Node (N-API). */
export function nativeFolder (flavor: NativeFlavor, environment?: NodeJS.ProcessEnv): string {
  const key = `${flavor}-tfjs-${TFJS_VERSION}-tensorflow-${TENSORFLOW_VERSION}-${process.platform}-${process.arch}`
  return join(nativeCache(environment), key)
}
