import { basename, join } from 'node:path'
import { STUDY } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { given, readConfig, wholeNumber } from '../src/config/step-flags.ts'
import { refuseSetting } from '../src/errors.ts'
import { workRoot } from '../src/paths.ts'
import { defaultJobs } from '../src/pipeline/cells/run-cells.ts'
import { chooseChat } from '../src/pipeline/chat-choice.ts'
import { embedderNamed } from '../src/pipeline/embedder-choice.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { profileSettings } from '../src/pipeline/profile-settings.ts'
import { openSpending } from '../src/pipeline/spending.ts'
import { tellEdt } from '../src/pipeline/study/edt/tell.ts'
import { llmEdtStudy } from '../src/pipeline/study/llm-edt.ts'
import { llmRecgStudy } from '../src/pipeline/study/llm-recg.ts'
import { llm4cdsrStudy } from '../src/pipeline/study/llm4cdsr.ts'
import type { StudyOrder } from '../src/pipeline/study/llm4cdsr.ts'
import { runStudy } from '../src/pipeline/study/run-study.ts'
import type { StudyOptions } from '../src/pipeline/study/run-study.ts'
import type { Study } from '../src/pipeline/study/study.ts'
import { tellTransfer } from '../src/pipeline/study/transfer.ts'
import { hoursFromNow, studyFolder, terminalContext } from '../src/pipeline/terminal.ts'

const STUDIES: Readonly<Record<string, Pick<StudyOptions, 'tell' | 'keep'> & { make: (order: StudyOrder) => Study }>> = {
  llm4cdsr: { make: llm4cdsrStudy },
  'llm-edt': { make: llmEdtStudy, tell: tellEdt, keep: true },
  'llm-recg': { make: llmRecgStudy, tell: tellTransfer },
}

await runCommand(STUDY, async ({ flags, operands: [name = '', ...more], signal }) => {
  const study = Object.hasOwn(STUDIES, name) ? STUDIES[name] : undefined
  const { make, ...told } = study ?? refuseSetting('study', `is one of ${Object.keys(STUDIES).join(', ')}`)
  const { 'k-core': kCore = 'none', ties = 'input', backend = 'native', smoke = false } = flags
  const data = [...flags.data, ...more]
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
  const tuning = flags.tuning ?? join(workRoot, 'docs/tuning', `${shop}.json`)
  const { seed: _seed, ...overrides } = settings.train.overrides
  const file = flags.out ?? join(workRoot, smoke ? 'work' : 'docs', 'studies', `${name}.md`)
  const left = await runStudy({
    make: (chosen, domains) => make({
      domains,
      seeds: Array.from({ length: count }, (_, i) => first + i),
      chosen,
      overrides: { ...overrides, ...(smoke && { epochs: 2 }) },
      chat: writer.id,
      smoke,
    }),
    ...told,
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
  return {
    says: [...left.map((label) => `left: ${label}`), `study: ${file}; ${left.length} cells are left`].join('\n'),
    result: { file, left },
  }
})
