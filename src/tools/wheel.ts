import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool, type RunToolOptions } from './run-tool.ts'

/** What it takes to fetch a wheel and to look into it, as `missingTools` takes it. */
export const WHEEL_TOOLS = {
  python3: ['python3', '--version'],
  'pip for python3': ['python3', '-m', 'pip', '--version'],
  unzip: ['unzip', '-v'],
} as const

/** The oldest C library that a wheel may be for; pip takes no range. */
const PLATFORMS = [12, 17, 27, 28].flatMap((minor) => ['--platform', `manylinux_2_${minor}_x86_64`])

/**
 * Downloads a wheel for Linux on x64 from PyPI, alone, into the folder `wheels` of `cwd`; gives its path from there.
 * Any CPython will do: nothing of Python is used but the libraries inside the archive.
 */
export async function downloadWheel (
  name: string, version: string, options: RunToolOptions & { readonly cwd: string }
): Promise<string> {
  await runTool('python3', [
    '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', ...PLATFORMS, '--python-version', '311',
    '--implementation', 'cp', '--abi', 'cp311', '--dest', 'wheels', `${name}==${version}`,
  ], options)
  const [wheel = ''] = await readdir(join(options.cwd, 'wheels'))
  return join('wheels', wheel)
}
