import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { MANIFEST_FILE } from '../../bundle/layout.ts'
import { readSelection, type Selection, selectionMark } from '../../bundle/selection.ts'

/** Where versions lie and which of them are to answer; `mark` is that of the selection when it was read. */
export interface ModelFolder {
  readonly root: string
  readonly selection: Selection
  readonly mark: string
}

/**
 * What BUNDLE means: undefined for one version, which is served and nothing else; for the folder above, what it
 * selects. Fails as `readSelection`.
 */
export async function openModelFolder (bundle: string): Promise<ModelFolder | undefined> {
  const manifest = await lstat(join(bundle, MANIFEST_FILE)).catch(() => undefined)
  if (manifest !== undefined) return undefined
  const mark = await selectionMark(bundle)
  return { root: bundle, selection: await readSelection(bundle), mark }
}
