import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { IsthmusError } from '../../errors.ts'

/** By the moment at which they were made; versions of one second are none older than the other. */
export function isOlder (version: string, than: string): boolean {
  const [made = '', other = ''] = [version, than].map((one) => one.split('-', 1)[0])
  return made < other
}

/** Fails with `not_found`. */
export async function checkThere (dir: string): Promise<void> {
  const found = await lstat(dir).catch(() => undefined)
  if (found === undefined) throw new IsthmusError('not_found', `${dir} is not there`, { place: { field: 'version' } })
}

/** The choice must outlive the process: where it cannot be written, it is not made. Fails with `models_fixed`. */
export async function checkWritable (root: string): Promise<void> {
  try {
    await access(root, constants.W_OK)
  } catch (cause) {
    throw new IsthmusError('models_fixed', `${root} cannot be written`, { cause })
  }
}
