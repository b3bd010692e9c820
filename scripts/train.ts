import { runCommand } from '../src/config/command.ts'
import { parseFlags, readConfig, STEP_FLAGS } from '../src/config/step-flags.ts'
import { loadTf } from '../src/nn/tf.ts'
import { CDSR_FLAGS, cdsrOverrides } from '../src/pipeline/cdsr-flags.ts'
import { EDT_FLAGS, edtOverrides } from '../src/pipeline/edt-flags.ts'
import { RECG_FLAGS, recgOverrides } from '../src/pipeline/recg-flags.ts'
import { backendChoice, trainSettings } from '../src/pipeline/train-settings.ts'
import { trainStep } from '../src/pipeline/train.ts'
import type { FinetuneFacts } from '../src/pipeline/train.ts'
import { progressReporter } from '../src/train/reporter.ts'

const USAGE = `npm run train -- --in <embeddings, or profiles> --out <run>
  [--system llm4cdsr|llm-edt|llm-recg|sasrec-ids|sasrec-text|gru4rec|bert4rec] [--preset product|paper|official] [--seed 42]
  [--config file.json] [--epochs n] [--backend auto|native-gpu|native|wasm|cpu] [--fresh]
  of llm4cdsr: [--alpha 0.1] [--beta 0.1] [--backbone sasrec|gru4rec|bert4rec]
  [--no-unified] [--no-profile] [--no-reg] [--no-init]
  of llm-edt: [--alpha 0.1] [--backbone sasrec|gru4rec|bert4rec] [--adapter-size 64]
  [--adapter-form linear|residualRelu] [--no-aug] [--no-dft] [--no-profiling] [--pretrained <run>]
  of llm-recg: [--source domain,...] [--target domain,...] [--aux domain,...|none] [--alpha 0.001] [--patterns 32]
  [--tau 1] [--backbone sasrec|gru4rec|bert4rec] [--no-ig] [--no-id] [--no-ic] [--no-sg] [--sem]
Ctrl-C saves; the same command goes on from there, and --fresh begins anew. Equal runs give equal bytes on wasm, and on
native with TF_NUM_INTRAOP_THREADS=1.`

const OPTIONS = {
  ...STEP_FLAGS,
  system: { type: 'string' },
  preset: { type: 'string' },
  epochs: { type: 'string' },
  backend: { type: 'string', default: 'auto' },
  fresh: { type: 'boolean', default: false },
  ...RECG_FLAGS,
  ...CDSR_FLAGS,
  ...EDT_FLAGS,
  pretrained: { type: 'string' },
} as const

await runCommand('train', { usage: USAGE }, async (signal) => {
  const { flags } = parseFlags(USAGE, OPTIONS, ['in', 'out'])
  const { system, preset, seed, epochs } = flags
  const backend = backendChoice(flags.backend)
  const config = {
    ...await readConfig(flags.config), ...recgOverrides(flags), ...cdsrOverrides(flags), ...edtOverrides(flags),
  }
  const { manifest, skipped } = await trainStep({
    input: flags.in!,
    out: flags.out!,
    settings: trainSettings({ system, preset, seed, epochs }, config),
    openTf: () => loadTf(backend),
    pretrained: flags.pretrained,
    fresh: flags.fresh,
    signal,
    onStart ({ settings, backend, gpu, users, items, parameters, resumed }) {
      console.error(`train: ${settings.system} (${settings.preset}) on ${backend}${gpu ? ' with a GPU' : ''}: ` +
        `${users} users, ${items} items, ${parameters} parameters` +
        (resumed ? `; goes on in epoch ${resumed.epoch} after ${resumed.step} steps` : ''))
    },
    reporter: ({ epochs, dft = false, dftEpochs = 0 }) => progressReporter(epochs + (dft ? dftEpochs : 0)),
  })
  const { epoch, validation } = manifest.best as { epoch: number, validation: Record<string, number> }
  console.log(`${flags.out}: best of ${String(manifest.epochs)} epochs is ${epoch}, validation ` +
    `NDCG@10 ${validation['ndcg10']!.toFixed(4)}, HR@10 ${validation['hr10']!.toFixed(4)}; ` +
    `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}`)
  const finetune = manifest.finetune as FinetuneFacts | undefined
  if (finetune === undefined) return
  const { before, start, best, bestEpoch } = finetune
  console.log(`fine-tuning: validation NDCG@10 ${before.toFixed(4)} before, ${start.toFixed(4)} at its start, ` +
    `${best.toFixed(4)} in its epoch ${bestEpoch}${bestEpoch === 0 ? ': it gained nothing' : ''}`)
})
