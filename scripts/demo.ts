import { join } from 'node:path'
import { runCommand } from '../src/config/command.ts'
import { parseFlags } from '../src/config/step-flags.ts'
import { figure } from '../src/evaluate/table.ts'
import { packageRoot } from '../src/paths.ts'
import { demo } from '../src/pipeline/demo.ts'
import { terminalContext } from '../src/pipeline/terminal.ts'

const usage = `npm run demo
  [--seed 42] [--backend auto|native-gpu|native|wasm|cpu] [--epochs n] [--work folder] [--models folder]
Generates a shop, trains on it, and leaves a bundle in models/demo. All of its data is made up.`

const OPTIONS = {
  seed: { type: 'string' },
  backend: { type: 'string' },
  epochs: { type: 'string' },
  work: { type: 'string' },
  models: { type: 'string' },
} as const

await runCommand('demo', { usage }, async (signal) => {
  const { flags: { work, models, ...flags } } = parseFlags(usage, OPTIONS)
  const { dir, trained, popularity } = await demo({
    flags,
    models: models ?? join(packageRoot, 'models'),
    context: {
      work: work ?? join(packageRoot, 'work/demo'),
      ...terminalContext(signal),
    },
  })
  console.log(`${dir}: generated data; NDCG@10 ${figure(trained.ndcg10)}, by popularity ${figure(popularity.ndcg10)}`)
})
