import { CHOICES, INTEGERS, TEXTS } from '../config/service-variables.ts'
import { DEFAULT_PREPARE } from '../data/prepare-settings.ts'
import { DEFAULT_AUGMENT } from '../pipeline/augment-settings.ts'
import { DEFAULT_EVALUATE } from '../pipeline/evaluate-settings.ts'
import { DEFAULT_EXPORT } from '../pipeline/export/export-settings.ts'
import { importSettings } from '../pipeline/import-settings.ts'
import { profileSettings } from '../pipeline/profile-settings.ts'
import { embedSettings } from '../pipeline/embed-settings.ts'
import { PRESET_NAMES, resolveSettings } from '../systems/settings.ts'
import type { PresetName, SystemName } from '../systems/settings.ts'
import { interfaceMembers } from './interface-members.ts'
import { cell, GENERATED, table } from './markdown.ts'

/** Of the text encoder in the repository. */
const TEXT_WIDTH = 384

const CLIENTS = [
  ['OPENAI_API_KEY', 'embed, augment, profile, study', 'the key of the endpoint; a setting it never is'],
  ['OPENAI_BASE_URL', 'embed, augment, profile, study', 'another endpoint than OpenAI\'s; `--base-url` wins'],
  ['TF_NUM_INTRAOP_THREADS', 'train', 'threads of the native backend; with 1 equal runs give equal bytes'],
  ['XDG_CACHE_HOME', 'setup-native, train', 'where the native backend is kept; `~/.cache` without it'],
  ['CXX', 'setup-native', 'the compiler; `g++` without it'],
  ['NODEDIR', 'setup-native', 'where the headers of Node are'],
] as const

interface Section {
  readonly step: string
  readonly file: string
  readonly interfaces: readonly string[]
  readonly defaults: Readonly<Record<string, unknown>>
}

const STEPS: readonly Section[] = [
  {
    step: 'prepare',
    file: 'src/data/prepare-settings.ts',
    interfaces: ['PrepareSettings', 'src/data/sequences.ts:SequenceSettings', 'src/data/vary.ts:VarySettings'],
    defaults: { ...DEFAULT_PREPARE },
  },
  {
    step: 'embed',
    file: 'src/pipeline/embed-settings.ts',
    interfaces: ['EmbedSettings', 'src/llm/item-prompt.ts:ItemPrompt'],
    defaults: { ...embedSettings({}) },
  },
  {
    step: 'augment',
    file: 'src/pipeline/augment-settings.ts',
    interfaces: [
      'src/pipeline/chat-settings.ts:ChatSettings', 'AugmentSettings', 'src/augment/make-augmentation.ts:AugmentOptions',
      'src/augment/choose.ts:ChoiceSettings',
    ],
    defaults: { ...DEFAULT_AUGMENT, ...profileSettings({}).chat },
  },
  {
    step: 'profile',
    file: 'src/pipeline/profile-settings.ts',
    interfaces: ['src/pipeline/chat-settings.ts:ChatSettings', 'ProfileSettings'],
    defaults: { ...profileSettings({}), ...profileSettings({}).chat },
  },
  {
    step: 'evaluate',
    file: 'src/pipeline/evaluate-settings.ts',
    interfaces: ['EvaluateSettings'],
    defaults: { ...DEFAULT_EVALUATE },
  },
  {
    step: 'export',
    file: 'src/pipeline/export/export-settings.ts',
    interfaces: ['ExportSettings'],
    defaults: { ...DEFAULT_EXPORT },
  },
  {
    step: 'import-events',
    file: 'src/pipeline/import-settings.ts',
    interfaces: ['ImportSettings'],
    defaults: { ...importSettings({}) },
  },
]

/** Types of members that hold others, which a file gives one by one; and what is no setting at all. */
const HOLDERS = /^(ChatSettings|Partial<ItemPrompt>)$|=>|AbortSignal/

interface Trained {
  readonly title: string
  readonly system: SystemName
  readonly file: string
  readonly name: string
  readonly presets: readonly PresetName[]
}

const TRAINED: readonly Trained[] = [
  { title: 'All systems', system: 'llm4cdsr', file: 'src/systems/settings.ts', name: 'Settings', presets: PRESET_NAMES },
  {
    title: 'Of `llm-edt` besides',
    system: 'llm-edt',
    file: 'src/systems/edt/settings.ts',
    name: 'EdtSettings',
    presets: ['product', 'paper'],
  },
  {
    title: 'Of `llm-recg` besides',
    system: 'llm-recg',
    file: 'src/systems/recg/settings.ts',
    name: 'RecgSettings',
    presets: ['product', 'paper'],
  },
]

/** docs/reference/configuration.md, from the service's variables and from the settings of every step. */
export async function configurationPage (): Promise<string> {
  return `${[
    GENERATED,
    '# Configuration',
    'The service is configured by variables, read once, before anything starts: a bad value ends it with status 78 and ' +
    'the variable\'s name. Offline steps are configured by flags ([commands](commands.md)) and by a JSON file ' +
    '(`--config file.json`), where a flag wins; `pipeline` takes one file with a section for each step. What was ' +
    'used is in the manifest of what a step leaves.',
    '## The service',
    table(['variable', 'flag', 'default', 'values', 'what'], serviceRows()),
    '## Endpoints and training',
    table(['variable', 'read by', 'what'], CLIENTS.map(([name, by, says]) => [`\`${name}\``, by, says])),
    ...(await Promise.all(STEPS.map(stepSection))).flat(),
    '## train',
    '`system` and `preset` choose a row of settings; any of these may be given besides. The columns are what a preset ' +
    `has of \`llm4cdsr\`, with texts of the local encoder (${TEXT_WIDTH} wide) and without profiles.`,
    ...(await Promise.all(TRAINED.map(trainedSection))).flat(),
  ].join('\n\n')}\n`
}

function serviceRows (): string[][] {
  const row = (
    name: string,
    { flag, says, default: otherwise }: { flag?: true, says: string, default?: string | number },
    values: string
  ): string[] => [
    `\`${name}\``,
    flag === undefined ? '' : `\`--${name.toLowerCase().replaceAll('_', '-')}\``,
    otherwise === undefined ? '' : `\`${otherwise}\``,
    values,
    cell(says),
  ]
  return [
    ...Object.entries(TEXTS).map(([name, about]) => row(name, about, '')),
    ...Object.entries(CHOICES).map(([name, about]) => row(name, about, about.of.join(', '))),
    ...Object.entries(INTEGERS).map(([name, about]) => row(name, about, `${about.least} to ${about.most}`)),
  ]
}

async function stepSection ({ step, file, interfaces, defaults }: Section): Promise<string[]> {
  const members = (await Promise.all(interfaces.map(async (name) => {
    const [where, own = undefined] = name.split(':')
    return own === undefined ? await interfaceMembers(file, name) : await interfaceMembers(where!, own)
  }))).flat()
  // The parts of a step's settings share some, such as the seed; and what has a default is a setting, described or not.
  const shownOnce = new Map([
    ...Object.keys(defaults).filter((name) => typeof defaults[name] !== 'object' || Array.isArray(defaults[name]))
      .map((name) => ({ name, type: typeof defaults[name], says: '' })),
    ...members.filter(({ type }) => !HOLDERS.test(type)),
  ].map((member) => [member.name, member]))
  return [
    `## ${step}`,
    table(['setting', 'type', 'default', 'what'], [...shownOnce.values()]
      .map(({ name, type, says }) => [`\`${name}\``, `\`${cell(type)}\``, shown(defaults[name]), cell(says)])),
  ]
}

async function trainedSection ({ title, system, file, name, presets }: Trained): Promise<string[]> {
  const values = presets.map((preset): Record<string, unknown> => ({ ...resolveSettings(system, preset, TEXT_WIDTH) }))
  const members = (await interfaceMembers(file, name)).filter(({ name }) => !['system', 'preset'].includes(name))
  return [
    `### ${title}`,
    table(['setting', 'type', ...presets, 'what'], members.map(({ name, type, says }) =>
      [`\`${name}\``, `\`${cell(type)}\``, ...values.map((of) => shown(of[name])), cell(says)])),
  ]
}

function shown (value: unknown): string {
  return value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
