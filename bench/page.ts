import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { writeFileAtomic } from '../src/files/write.ts'
import { packageRoot } from '../src/paths.ts'

/** The page of what was measured; each command owns a section of it. */
export const PAGE = 'docs/performance.md'

/** Of its pictures, as seen from it. */
const FOLDER = 'performance'

const HEAD = `# What it costs

Each section is written by the command above it (\`--write\`), from one run. Ratios of one run mean something on a busy
machine; the figures beside them are upper bounds there.
`

/** A picture below a section, kept in docs/performance. */
export interface Picture {
  /** Of its file, without the ending. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

/** Replaces the section of a command, or adds it at the end; its pictures first. */
export async function writeSection (
  command: string, title: string, markdown: string, pictures: readonly Picture[] = []
): Promise<void> {
  const file = join(packageRoot, PAGE)
  for (const { name, svg } of pictures) await writeFileAtomic(join(dirname(file), FOLDER, `${name}.svg`), svg)
  const page = await readFile(file, 'utf8').catch(() => HEAD)
  await writeFileAtomic(file, withSection(page, command, title, [markdown, ...pictures.map(shown)].join('\n\n')))
}

export function withSection (page: string, command: string, title: string, markdown: string): string {
  const [begin, end] = [`<!-- ${command} -->`, `<!-- end of ${command} -->`]
  const section = `${begin}\n## ${title}\n\n\`npm run ${command} -- --write\`\n\n${markdown.trim()}\n${end}`
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from === -1 || to === -1) return `${page.trimEnd()}\n\n${section}\n`
  return page.slice(0, from) + section + page.slice(to + end.length)
}

function shown ({ name, title }: Picture): string {
  return `![${title}](${FOLDER}/${name}.svg)`
}

/** A report in columns as a section: its tables as they were printed, its last line as a sentence. */
export function asBlock (machine: string, report: string): string {
  const [table = '', ...sentences] = report.split('\n\n')
  return [machine, `\`\`\`\n${table}\n\`\`\``, ...sentences].join('\n\n')
}

/** Where and when a section was measured, of which bundle, and how busy the machine was with other things. */
export function machineLine (bundle?: string, date = new Date()): string {
  const [model = 'unknown processor'] = cpus().map(({ model }) => model)
  return `${date.toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores (${model.trim()}), ` +
    `load average ${loadavg()[0]!.toFixed(1)}.${bundle === undefined ? '' : ` Bundle: ${basename(bundle)}.`}`
}
