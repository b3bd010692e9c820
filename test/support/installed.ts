import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const repository = join(import.meta.dirname, '../..')

export interface Installed {
  /** Where a user of the package works. */
  readonly folder: string
  /** The file behind `npx isthmus`. */
  readonly bin: string
  readonly remove: () => void
}

/**
 * The package as `npm pack` makes it of this clone (built before), unpacked where an install would put it, with links
 * to the dependencies of the clone.
 */
export function installPackage (): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-installed-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  const pack = spawnSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: repository, encoding: 'utf8',
  })
  if (pack.status !== 0) throw new Error(`npm pack: ${pack.stderr}`)
  const [{ filename }] = JSON.parse(pack.stdout) as [{ filename: string }]
  const untar = spawnSync('tar', ['-xzf', join(folder, filename), '-C', modules], { encoding: 'utf8' })
  if (untar.status !== 0) throw new Error(`tar: ${untar.stderr}`)
  rmSync(join(folder, filename))
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(repository, 'node_modules', name), join(modules, name))
  }
  spawnSync('mv', [join(modules, 'package'), join(modules, 'isthmus')])
  const bin = join(modules, '.bin', 'isthmus')
  symlinkSync('../isthmus/scripts/run.mjs', bin)
  return { folder, bin, remove: () => { rmSync(folder, { recursive: true, force: true }) } }
}
