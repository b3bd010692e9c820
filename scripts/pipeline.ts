import { join, relative } from 'node:path'
import { runCommand } from '../src/config/command.ts'
import { parseFlags, readConfig } from '../src/config/step-flags.ts'
import { packageRoot } from '../src/paths.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { pipeline } from '../src/pipeline/pipeline.ts'
import { terminalContext } from '../src/pipeline/terminal.ts'

const usage = `npm run pipeline -- --data <folder, or files> --name <bundle>
  [--source <published data set>] [--system llm4cdsr|sasrec-ids|sasrec-text|gru4rec|bert4rec]
  [--preset product|paper|official] [--k-core n|users,items|none] [--ties shuffle|input] [--epochs n]
  [--backend auto|native-gpu|native|wasm|cpu] [--seed 42] [--config file.json] [--work work/<name>] [--models models]
Runs prepare, embed, train, evaluate and export, and skips what is unchanged. Ctrl-C stops it; the same command goes on
from there. A config file has a section for each step.`

const OPTIONS = {
  data: { type: 'string', multiple: true },
  name: { type: 'string' },
  system: { type: 'string' },
  preset: { type: 'string' },
  'k-core': { type: 'string' },
  source: { type: 'string' },
  ties: { type: 'string' },
  epochs: { type: 'string' },
  backend: { type: 'string' },
  seed: { type: 'string' },
  config: { type: 'string' },
  work: { type: 'string' },
  models: { type: 'string' },
} as const

await runCommand('pipeline', { usage }, async (signal) => {
  const { flags, positionals } = parseFlags(usage, OPTIONS, ['data', 'name'])
  const { data = [], name = '', 'k-core': kCore, config, work, models, ...rest } = flags
  const bundle = await pipeline({
    name,
    models: models ?? join(packageRoot, 'models'),
    context: {
      data: [...data, ...positionals],
      work: work ?? join(packageRoot, 'work', name),
      settings: pipelineSettings({ ...rest, ...(kCore !== undefined && { kCore }) }, await readConfig(config)),
      ...terminalContext(signal),
    },
  })
  console.log(`To serve it: npm start -- --bundle ${relative(packageRoot, bundle)}`)
})
