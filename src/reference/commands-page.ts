import { type Command, EXITS, GROUPS } from '../cli/command.ts'
import { allFlags, flagForm, flagText, groupTitle, npmCall, usageLine } from '../cli/help.ts'
import { cell, GENERATED, table } from './markdown.ts'

/** docs/reference/commands.md, from the table of commands. */
export function commandsPage (commands: readonly Command[]): string {
  return `${[
    GENERATED,
    '# Commands',
    'Each is `npx isthmus <command>`, in a clone or where the package is installed, and in a clone `npm run <script>` as ' +
    'well, with `--` before its flags. `--help` says what stands here. What is for people goes to stdout, progress and ' +
    'faults to stderr; with `--json` stdout holds one JSON value, of an error too: `{"error": {"code", "message", "next"}}`.',
    'A command that fails prints `<command>: <code>: <message>` and what to do next; [errors](errors.md) lists the codes. ' +
    'Exit statuses, unless a command says more:',
    table(['status', 'means'], Object.entries(EXITS)),
    ...GROUPS.flatMap((group) => [
      `## ${groupTitle(group)}`,
      ...commands.filter((command) => command.group === group).flatMap(section),
    ]),
  ].join('\n\n')}\n`
}

function section (command: Command): string[] {
  const { name, summary, says, operands, examples, exits } = command
  return [
    `### ${name}`,
    `${summary}.${says === undefined ? '' : ` ${says}`}`,
    `Usage: \`${usageLine(command)}\`, or \`${npmCall(name, '…').replace(' -- …', '')}\`.` +
    (operands === undefined ? '' : ` \`${operands.form}\`: ${operands.says}.`),
    table(['flag', 'what'], allFlags(command).map(([flag, about]) => [`\`${flagForm(flag, about)}\``, flagText(about).replaceAll('<', '&lt;')].map(cell))),
    ['```', ...examples.map(({ run, says }) => `npx isthmus ${run}   # ${says}`), '```'].join('\n'),
    ...(exits === undefined
      ? []
      : [`Exit status: ${Object.entries(exits).map(([status, means]) => `${status}, ${means}`).join('; ')}.`]),
  ]
}
