import { parseArgs } from 'node:util'
import { benchTrain } from '../bench/train/bench-train.ts'
import { trainReport } from '../bench/train/report.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { BACKENDS } from '../src/nn/tf.ts'

const USAGE = `npm run bench:train -- [--backend native] [--threads 1] [--steps 24] [--items 10000]
A training step of LLM4CDSR beside the same model in PyTorch, in turns. One thread each is the fair default: with more,
PyTorch's spin while a neighbour has their core. The first run installs PyTorch from PyPI into
.cache/bench-torch (some gigabytes); --backend native needs \`npm run setup:native\`.`

const OPTIONS = {
  backend: { type: 'string', default: 'native' },
  threads: { type: 'string', default: '1' },
  steps: { type: 'string', default: '24' },
  items: { type: 'string', default: '10000' },
  help: { type: 'boolean', default: false },
} as const

try {
  const { values: flags } = parseArgs({ options: OPTIONS })
  const backend = BACKENDS.find((name) => name === flags.backend)
  const [threads, steps, items] = [flags.threads, flags.steps, flags.items].map(Number)
  const isWhole = [threads, steps, items].every((value) => Number.isSafeInteger(value) && value! > 0)
  if (backend === undefined || !isWhole || items! % 2 !== 0) throw new IsthmusError('config_invalid', USAGE)
  if (flags.help) console.log(USAGE)
  else {
    console.log(trainReport(await benchTrain({
      backend, threads: threads!, steps: steps!, items: items!, say: (message) => console.error(`bench-train: ${message}`),
    })))
  }
} catch (error) {
  console.error(error instanceof IsthmusError ? `bench-train: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
