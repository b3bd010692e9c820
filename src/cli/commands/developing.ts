import type { Command } from '../command.ts'

const CHECK = { check: { type: 'boolean', says: 'write nothing; fail where a file is not what it should be' } } as const

export const OPENAPI = {
  name: 'openapi',
  group: 'develop',
  summary: 'Writes openapi/openapi.json from the routes',
  flags: CHECK,
  examples: [{ run: 'openapi --check', says: 'as CI does' }],
} as const satisfies Command

export const DOCS = {
  name: 'docs',
  group: 'develop',
  summary: 'Writes docs/reference from the code: commands, configuration, errors, API',
  flags: CHECK,
  examples: [{ run: 'docs --check', says: 'as CI does' }],
} as const satisfies Command

export const SITE = {
  name: 'site',
  group: 'develop',
  summary: 'Gathers the pages of results and their pictures in docs/index.html, which opens without a server',
  says: 'Results, tuning, studies, performance and reliability, as far as they have been made. Run it after any of them.',
  flags: {
    docs: { type: 'string', value: 'folder', default: 'docs', says: 'where the pages are, and the result goes' },
    ...CHECK,
  },
  examples: [{ run: 'site', says: 'then open docs/index.html' }, { run: 'site --check', says: 'as CI does' }],
  json: 'the file',
} as const satisfies Command

export const SCREENSHOTS = {
  name: 'screenshots',
  group: 'develop',
  summary: 'Takes the pictures of the playground in docs/pictures, on the demo bundle',
  says: 'Needs Debian\'s chromium, or another one named by CHROMIUM.',
  flags: {},
  examples: [{ run: 'screenshots', says: 'a quarter of a minute' }],
} as const satisfies Command

export const COMPLETION = {
  name: 'completion',
  group: 'develop',
  summary: 'Prints what makes a shell complete commands, flags and their values',
  operands: { form: 'bash|zsh|fish', says: 'for which shell', words: ['bash', 'zsh', 'fish'] },
  flags: {},
  examples: [
    { run: 'completion bash', says: 'in ~/.bashrc: source <(npx isthmus completion bash)' },
    { run: 'completion zsh', says: 'in ~/.zshrc, after compinit: source <(npx isthmus completion zsh)' },
    { run: 'completion fish', says: 'to ~/.config/fish/completions/isthmus.fish' },
  ],
} as const satisfies Command

export const HELP = {
  name: 'help',
  group: 'develop',
  summary: 'Lists the commands, or says all about one',
  operands: { form: '[command]', says: 'which one' },
  flags: {},
  examples: [{ run: 'help train', says: 'the same as isthmus train --help' }],
} as const satisfies Command
