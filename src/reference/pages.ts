import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COMMANDS } from '../cli/commands/all.ts'
import { IsthmusError } from '../errors.ts'
import { writeFileAtomic } from '../files/write.ts'
import { packageRoot } from '../paths.ts'
import { apiPage } from './api-page.ts'
import type { ApiDocument } from './api-page.ts'
import { clientPage } from './client-page.ts'
import { commandsPage } from './commands-page.ts'
import { configurationPage } from './configuration-page.ts'
import { openapiText } from '../serve/openapi-file.ts'
import { errorsPage } from './errors-page.ts'

/** A file that is made from the code: its path from the root of the project, and its text. */
export interface Page {
  readonly path: string
  readonly make: () => string | Promise<string>
}

/** Every one of them. */
export const PAGES: readonly Page[] = [
  { path: 'docs/reference/commands.md', make: () => commandsPage(COMMANDS) },
  { path: 'docs/reference/configuration.md', make: configurationPage },
  { path: 'docs/reference/errors.md', make: errorsPage },
  { path: 'docs/reference/api.md', make: async () => apiPage(JSON.parse(await openapiText()) as ApiDocument) },
  { path: 'client/api.ts', make: async () => await clientPage(await openapiText()) },
]

/** Writes every page; returns their paths. */
export async function writePages (root = packageRoot): Promise<string[]> {
  for (const { path, make } of PAGES) await writeFileAtomic(join(root, path), await make())
  return PAGES.map(({ path }) => path)
}

/** Throws `artefact_invalid`, naming every page that is not what the code makes. */
export async function checkPages (root = packageRoot): Promise<string[]> {
  const stale: string[] = []
  for (const { path, make } of PAGES) {
    // A page that is not there is one that differs.
    const there = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (there !== await make()) stale.push(path)
  }
  if (stale.length > 0) {
    throw new IsthmusError('artefact_invalid', `not what the code makes: ${stale.join(', ')}; npm run docs writes them`)
  }
  return PAGES.map(({ path }) => path)
}
