import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ROUTES } from '../../client/api.ts'
import { COMMANDS } from '../../src/cli/commands/all.ts'
import { CHOICES, INTEGERS, TEXTS } from '../../src/config/service-variables.ts'
import { DEFAULT_PREPARE } from '../../src/data/prepare-settings.ts'
import { ERROR_CODES, exitStatus, IsthmusError } from '../../src/errors.ts'
import { errorsPage } from '../../src/reference/errors-page.ts'
import { checkPages, PAGES, writePages } from '../../src/reference/pages.ts'
import { isProblemCode, PROBLEMS } from '../../src/serve/problems.ts'
import { resolveSettings, SYSTEM_NAMES } from '../../src/systems/settings.ts'

const repository = join(import.meta.dirname, '../..')

describe('docs/reference', () => {
  const folders: string[] = []
  const folder = async (): Promise<string> => {
    folders.push(await mkdtemp(join(tmpdir(), 'isthmus-docs-')))
    return folders.at(-1)!
  }
  afterEach(async () => { for (const dir of folders.splice(0)) await rm(dir, { recursive: true }) })

  it('in the repository is what the code makes', async () => {
    await expect(checkPages(repository)).resolves.toEqual(PAGES.map(({ path }) => path))
  })

  it('is refused by name where a page was changed by hand, or is not there', async () => {
    const root = await folder()
    const written = await writePages(root)
    await expect(checkPages(root)).resolves.toEqual(written)
    await writeFile(join(root, 'docs/reference/errors.md'), `${await readFile(join(root, 'docs/reference/errors.md'), 'utf8')} `)
    await rm(join(root, 'docs/reference/commands.md'))
    await expect(checkPages(root)).rejects.toMatchObject({
      code: 'artefact_invalid', message: expect.stringMatching(/commands\.md, docs\/reference\/errors\.md;/),
    })
  })

  it('has every error code once, with the status it has, a meaning and what to do', () => {
    const rows = [...errorsPage().matchAll(/^\| `(\w+)` \| (\d+) \| \S.+ \| \S.+ \|$/gm)]
      .map(([, code, status]) => [code, Number(status)] as const)
    expect(rows.map(([code]) => code).sort()).toEqual([...ERROR_CODES].sort())
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(ERROR_CODES.map((code) =>
      [code, isProblemCode(code) ? PROBLEMS[code][0] : exitStatus(new IsthmusError(code, 'x'))])))
  })

  it('has every variable of the service, and every setting that a system can have', async () => {
    const page = await readFile(join(repository, 'docs/reference/configuration.md'), 'utf8')
    const rows = new Set([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name))
    const settings = SYSTEM_NAMES.flatMap((system) => Object.keys(resolveSettings(system, 'product', 384, {}, true)))
      .filter((name) => name !== 'system' && name !== 'preset')
    const variables = Object.keys({ ...INTEGERS, ...CHOICES, ...TEXTS })
    expect([...settings, ...variables, ...Object.keys(DEFAULT_PREPARE)].filter((name) => !rows.has(name))).toEqual([])
  })

  it('has every operation of the API', async () => {
    const page = await readFile(join(repository, 'docs/reference/api.md'), 'utf8')
    const headings = [...page.matchAll(/^## ([A-Z]+ \S+)$/gm)].map(([, heading]) => heading)
    expect(headings.sort()).toEqual(Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('has a section for every command, with each of its flags', async () => {
    const page = await readFile(join(repository, 'docs/reference/commands.md'), 'utf8')
    const sections = new Map(page.split(/^### /m).slice(1).map((text) => [text.split('\n', 1)[0]!, text]))
    expect([...sections.keys()].sort()).toEqual(COMMANDS.map(({ name }) => name).sort())
    for (const { name, flags } of COMMANDS) {
      for (const flag of Object.keys(flags)) expect(sections.get(name)).toContain(`\`--${flag}`)
    }
  })
})
