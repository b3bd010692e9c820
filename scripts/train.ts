import { TRAIN } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { readConfig } from '../src/config/step-flags.ts'
import { loadTf } from '../src/nn/tf.ts'
import { cdsrOverrides } from '../src/pipeline/cdsr-flags.ts'
import { edtOverrides } from '../src/pipeline/edt-flags.ts'
import { recgOverrides } from '../src/pipeline/recg-flags.ts'
import { backendChoice, trainSettings } from '../src/pipeline/train-settings.ts'
import { trainStep } from '../src/pipeline/train.ts'
import type { FinetuneFacts } from '../src/pipeline/train.ts'
import { mostEpochs } from '../src/systems/settings.ts'
import { progressReporter } from '../src/train/reporter.ts'

await runCommand(TRAIN, async ({ flags, signal }) => {
  const { system, preset, seed, epochs } = flags
  const backend = backendChoice(flags.backend ?? 'auto')
  const config = {
    ...await readConfig(flags.config), ...recgOverrides(flags), ...cdsrOverrides(flags), ...edtOverrides(flags),
  }
  const { manifest, skipped } = await trainStep({
    input: flags.in,
    out: flags.out,
    settings: trainSettings({ system, preset, seed, epochs }, config),
    openTf: () => loadTf(backend),
    pretrained: flags.pretrained,
    fresh: flags.fresh === true,
    signal,
    onStart ({ settings, backend, gpu, users, items, parameters, resumed }) {
      console.error(`train: ${settings.system} (${settings.preset}) on ${backend}${gpu ? ' with a GPU' : ''}: ` +
        `${users} users, ${items} items, ${parameters} parameters` +
        (resumed ? `; goes on in epoch ${resumed.epoch} after ${resumed.step} steps` : ''))
    },
    reporter: (settings) => progressReporter(mostEpochs(settings)),
  })
  const { epoch, validation } = manifest.best as { epoch: number, validation: Record<string, number> }
  return {
    says: `${flags.out}: best of ${String(manifest.epochs)} epochs is ${epoch}, validation ` +
      `NDCG@10 ${validation['ndcg10']!.toFixed(4)}, HR@10 ${validation['hr10']!.toFixed(4)}; ` +
      `digest ${manifest.digest.slice(0, 12)}${skipped ? ' (unchanged)' : ''}` +
      finetuned(manifest.finetune as FinetuneFacts | undefined),
    result: { out: flags.out, skipped, ...manifest },
  }
})

function finetuned (facts: FinetuneFacts | undefined): string {
  if (facts === undefined) return ''
  const { before, start, best, bestEpoch } = facts
  return `\nfine-tuning: validation NDCG@10 ${before.toFixed(4)} before, ${start.toFixed(4)} at its start, ` +
    `${best.toFixed(4)} in its epoch ${bestEpoch}${bestEpoch === 0 ? ': it gained nothing' : ''}`
}
