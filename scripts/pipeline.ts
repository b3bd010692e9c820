import { join, relative } from 'node:path'
import { PIPELINE } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { readConfig } from '../src/config/step-flags.ts'
import { workRoot } from '../src/paths.ts'
import { pipelineSettings } from '../src/pipeline/pipeline-settings.ts'
import { pipeline } from '../src/pipeline/pipeline.ts'
import { terminalContext } from '../src/pipeline/terminal.ts'

await runCommand(PIPELINE, async ({ flags, operands, signal }) => {
  const { data, name, 'k-core': kCore, config, work, models, ...rest } = flags
  const bundle = await pipeline({
    name,
    models: models ?? join(workRoot, 'models'),
    context: {
      data: [...data, ...operands],
      work: work ?? join(workRoot, 'work', name),
      settings: pipelineSettings({ ...rest, ...(kCore !== undefined && { kCore }) }, await readConfig(config)),
      ...terminalContext(signal),
    },
  })
  return { says: `To serve it: npm start -- --bundle ${relative(workRoot, bundle)}`, result: { bundle } }
})
