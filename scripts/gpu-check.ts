import { gpuCheck } from '../bench/gpu/gpu-check.ts'
import { agrees, gpuReport } from '../bench/gpu/report.ts'
import { machineLine, writeSection } from '../bench/page.ts'
import { GPU_CHECK } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { wholeNumber } from '../src/config/step-flags.ts'
import { EXIT_REFUSED } from '../src/errors.ts'
import { startReported } from '../src/progress.ts'

await runCommand(GPU_CHECK, async ({ flags }) => {
  const numbers = (name: 'catalogues' | 'batches', otherwise: string): number[] =>
    (flags[name] ?? otherwise).split(',').map((text) => wholeNumber(name, text, 1)!)
  const { onProgress, finish } = startReported({ label: 'gpu-check', unit: 'parts' })
  const figures = await gpuCheck({
    catalogues: numbers('catalogues', '20000,1000000'),
    batches: numbers('batches', '1,32,256,1024'),
    steps: wholeNumber('steps', flags.steps, 1) ?? 8,
    onPart: onProgress,
  })
  finish()
  const report = gpuReport(figures)
  if (flags.write === true) await writeSection('gpu-check', 'On a GPU', `${machineLine()}\n\n${report}`)
  return { says: report, result: figures, exitCode: agrees(figures) ? 0 : EXIT_REFUSED }
})
