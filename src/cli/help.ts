import { type Command, EXITS, type Flag, GROUPS, npmScript } from './command.ts'

const WIDTH = 100
const TITLES: Record<typeof GROUPS[number], string> = {
  serve: 'Serve', build: 'Make a bundle', measure: 'Measure', develop: 'For the shell and for developers',
}

/** A group's heading. */
export function groupTitle (group: typeof GROUPS[number]): string {
  return TITLES[group]
}

/** Longer values are listed in the text of their flag. */
const LONGEST_FORM = 40

/** `--in <folder>`, or `--fresh`. */
export function flagForm (name: string, { type, value = 'text' }: Flag): string {
  return type === 'boolean' ? `--${name}` : `--${name} <${value.length > LONGEST_FORM ? 'name' : value}>`
}

/** What is said of a flag, the values it may have where its form does not show them, and what is taken without it. */
export function flagText ({ says, value = '', required, multiple, default: otherwise }: Flag): string {
  return says + (value.length > LONGEST_FORM ? `: ${value.split(/[|,]/).join(', ')}` : '') + (required ? '; required' : '') + (multiple ? '; may be given more than once' : '') +
    (otherwise === undefined ? '' : `; default ${otherwise}`)
}

/** The flags of a command, and those that come with a result and with every command. */
export function allFlags (command: Command): ReadonlyArray<readonly [string, Flag]> {
  return [
    ...Object.entries(command.flags),
    ...(command.json === undefined
      ? []
      : [['json', { type: 'boolean', says: `print the result as JSON: ${command.json}` }] as const]),
    ['help', { type: 'boolean', says: 'this' }],
  ]
}

/** `train --in <embeddings> --out <run> [flags]`. */
export function usageLine (command: Command): string {
  const required = Object.entries(command.flags).filter(([, { required }]) => required)
  return [
    command.name,
    ...(command.operands === undefined ? [] : [command.operands.form]),
    ...required.map(([name, flag]) => flagForm(name, flag)),
    ...(required.length < Object.keys(command.flags).length ? ['[flags]'] : []),
  ].join(' ')
}

/** The exit statuses of a command, its own ones first. */
export function exitsOf (command: Command): ReadonlyArray<readonly [string, string]> {
  return Object.entries({ ...EXITS, ...command.exits })
}

/** All that `isthmus <command> --help` says. */
export function commandHelp (command: Command): string {
  const [name, ...rest] = usageLine(command).split(' ')
  return [
    ...wrap(`isthmus ${command.name}: ${command.summary}.`, 0),
    ...(command.says === undefined ? [] : ['', ...wrap(command.says, 0)]),
    '',
    `Usage: npx isthmus ${[name, ...rest].join(' ')}`,
    `   or: ${npmCall(command.name, rest.join(' '))}`,
    ...(command.operands === undefined ? [] : [`  ${command.operands.form}: ${command.operands.says}`]),
    '',
    'Flags:',
    ...allFlags(command).flatMap(([flag, about]) => entry(flagForm(flag, about), flagText(about))),
    '',
    'Examples:',
    ...command.examples.flatMap(({ run, says }) => [`  npx isthmus ${run}`, `      ${says}`]),
    '',
    'Exit status:',
    ...exitsOf(command).flatMap(([status, means]) => entry(status, means)),
  ].join('\n')
}

/** `npm run train -- <rest>`, the other door to the same command. */
export function npmCall (name: string, rest: string): string {
  const script = npmScript(name)
  return `npm ${script === 'start' ? script : `run ${script}`}${rest === '' ? '' : ` -- ${rest}`}`
}

/** What `isthmus` says without a command. */
export function overview (commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'isthmus: cross-domain next-item recommendations, from raw logs to an HTTP service.',
    '',
    'Usage: npx isthmus <command> [flags]        npx isthmus <command> --help for all about one',
    ...GROUPS.flatMap((group) => [
      '',
      `${TITLES[group]}:`,
      ...commands.filter((command) => command.group === group)
        .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    ]),
    '',
    'First steps:',
    '  npx isthmus doctor                               what is there, what is not, what to do',
    '  npx isthmus start                                the demo, on http://127.0.0.1:3000',
    '  npx isthmus pipeline --data shop --name shop     a bundle of your own logs',
  ].join('\n')
}

const COLUMN = 34

function entry (form: string, text: string): string[] {
  const lines = wrap(text, COLUMN)
  return form.length + 4 > COLUMN
    ? [`  ${form}`, ...lines]
    : [`  ${form.padEnd(COLUMN - 2)}${lines[0]!.trimStart()}`, ...lines.slice(1)]
}

/** Lines no wider than a page, each indented; words that are wider stay whole. */
function wrap (text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((part) => ' '.repeat(indent) + part)
}
