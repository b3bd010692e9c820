import { parseArgs } from 'node:util'
import { benchEpoch } from '../bench/train/bench-epoch.ts'
import { benchTrain } from '../bench/train/bench-train.ts'
import { epochReport, trainReport } from '../bench/train/report.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { BACKENDS } from '../src/nn/tf.ts'

const USAGE = `npm run bench:train -- [--backend native] [--threads 1] [--steps 24] [--items 10000] [--batch 128]
npm run bench:train -- --epochs 2 [--system llm4cdsr] [--backend native] [--threads 1]
A training step of LLM4CDSR beside the same model in PyTorch, in turns. One thread each is the fair default: with more,
PyTorch's spin while a neighbour has their core. The first run installs PyTorch from PyPI into
.cache/bench-torch (some gigabytes); --backend native needs \`npm run setup:native\`.
With --epochs: whole epochs over a log of the size of food-kitchen, and the memory after each part of them.`

const OPTIONS = {
  backend: { type: 'string', default: 'native' },
  threads: { type: 'string', default: '1' },
  steps: { type: 'string', default: '24' },
  items: { type: 'string', default: '10000' },
  batch: { type: 'string', default: '128' },
  epochs: { type: 'string', default: '0' },
  system: { type: 'string', default: 'llm4cdsr' },
  help: { type: 'boolean', default: false },
} as const

try {
  const { values: flags } = parseArgs({ options: OPTIONS })
  const backend = BACKENDS.find((name) => name === flags.backend)
  const [threads, steps, items, batchSize] = [flags.threads, flags.steps, flags.items, flags.batch].map(Number)
  const isWhole = [threads, steps, items, batchSize].every((value) => Number.isSafeInteger(value) && value! > 0)
  const epochs = Number(flags.epochs)
  if (backend === undefined || !isWhole || items! % 2 !== 0 || !Number.isSafeInteger(epochs) || epochs < 0) {
    throw new IsthmusError('config_invalid', USAGE)
  }
  if (flags.help) console.log(USAGE)
  else if (epochs > 0) {
    const { system } = flags
    console.log(epochReport(system, await benchEpoch({ backend, threads: threads!, system, epochs })))
  } else {
    console.log(trainReport(await benchTrain({
      backend,
      threads: threads!,
      steps: steps!,
      items: items!,
      batchSize: batchSize!,
      say: (message) => console.error(`bench-train: ${message}`),
    })))
  }
} catch (error) {
  console.error(error instanceof IsthmusError ? `bench-train: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
