import { basename, join } from 'node:path'
import { runCommand } from '../src/config/command.ts'
import { given, parseFlags, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { refuseSetting } from '../src/errors.ts'
import { packageRoot } from '../src/paths.ts'
import { defaultJobs } from '../src/pipeline/cells/run-cells.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { profileSettings } from '../src/pipeline/profile-settings.ts'
import { openSpending, SPEND_FLAGS } from '../src/pipeline/spending.ts'
import { llm4cdsrStudy } from '../src/pipeline/study/llm4cdsr.ts'
import { runStudy } from '../src/pipeline/study/run-study.ts'
import { hoursFromNow, studyFolder, terminalContext } from '../src/pipeline/terminal.ts'

const usage = `npm run study -- llm4cdsr --data <folder, or files>
  [--k-core none|n|users,items] [--ties input|shuffle] [--seeds 3] [--seed 42] [--tuning docs/tuning/<data>.json]
  [--chat extractive|openai] [--model gpt-4o-mini] [--base-url url] [--jobs n] [--hours h] [--backend native] [--config file.json] [--work folder]
  [--out docs/studies/<study>.md] [--smoke] [--max-usd n] [--batch] [--at-once 8]
  [--prices config/llm-prices.json] [--cache .cache/llm]
Trains every cell of a paper's questions and writes the page; what is there unchanged is skipped, an unfinished cell is
empty. Ctrl-C stops it, --hours stops it in time; the same command goes on from there. --smoke: two epochs, one seed,
300 users.`

// `profile` has its own way to count before the first call.
const { 'dry-run': _dryRun, ...SPENDING } = SPEND_FLAGS

const OPTIONS = {
  ...SPENDING,
  data: { type: 'string', multiple: true },
  'k-core': { type: 'string' },
  ties: { type: 'string' },
  seeds: { type: 'string' },
  seed: { type: 'string' },
  tuning: { type: 'string' },
  chat: { type: 'string' },
  model: { type: 'string' },
  'base-url': { type: 'string' },
  jobs: { type: 'string' },
  hours: { type: 'string' },
  backend: { type: 'string' },
  config: { type: 'string' },
  work: { type: 'string' },
  out: { type: 'string' },
  smoke: { type: 'boolean', default: false },
} as const

const STUDIES = { llm4cdsr: llm4cdsrStudy }

await runCommand('study', { usage }, async (signal) => {
  const { flags, positionals: [name = '', ...more] } = parseFlags(usage, OPTIONS, ['data'])
  const make = name in STUDIES ? STUDIES[name as keyof typeof STUDIES] : refuseSetting('study', 'is llm4cdsr')
  const { 'k-core': kCore = 'none', ties = 'input', backend = 'native', smoke } = flags
  const data = [...flags.data!, ...more]
  const shop = basename(data[0]!)
  const first = wholeNumber('seed', flags.seed) ?? 42
  const count = smoke ? 1 : wholeNumber('seeds', flags.seeds, 1) ?? 3
  const { prepare, ...settings } = pipelineSettings(
    { backend, kCore, ties, seed: String(first) }, await readConfig(flags.config))
  const { chat, ...profile } = profileSettings(
    given({ chat: flags.chat, model: flags.model, baseUrl: flags['base-url'] }))
  const spending = await openSpending(flags)
  const { account, cache } = spending
  const writer = chooseChat(chat, spending, process.env)
  const tuning = flags.tuning ?? join(packageRoot, 'docs/tuning', `${shop}.json`)
  const { seed: _seed, ...overrides } = settings.train.overrides
  const file = flags.out ?? join(packageRoot, smoke ? 'work' : 'docs', 'studies', `${name}.md`)
  const left = await runStudy({
    make: (chosen) => make({
      seeds: Array.from({ length: count }, (_, i) => first + i),
      chosen,
      overrides: { ...overrides, ...(smoke && { epochs: 2 }) },
      chat: writer.id,
      smoke,
    }),
    ...(!smoke && { tuning }),
    context: {
      ...terminalContext(signal),
      data,
      work: flags.work ?? studyFolder(smoke ? `${shop}-smoke` : shop),
      settings: { ...settings, prepare: { ...prepare, ...(smoke && { mostUsers: 300 }) } },
    },
    profile: {
      settings: profile,
      chat: writer,
      embedderNamed: (embedder) => embedderNamed(embedder, chat.baseUrl, process.env, { account, step: 'study' }),
      cache,
    },
    jobs: wholeNumber('jobs', flags.jobs, 1) ?? defaultJobs(),
    ...hoursFromNow(flags.hours),
    command: ['npm run study --', ...process.argv.slice(2)].join(' '),
    file,
  }).finally(() => account.close())
  for (const label of left) console.log(`left: ${label}`)
  console.log(`study: ${file}; ${left.length} cells are left`)
})
