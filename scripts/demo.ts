import { join } from 'node:path'
import { DEMO } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { figure } from '../src/evaluate/table.ts'
import { workRoot } from '../src/paths.ts'
import { demo } from '../src/pipeline/demo.ts'
import { terminalContext } from '../src/pipeline/terminal.ts'

await runCommand(DEMO, async ({ flags: { work, models, ...flags }, signal }) => {
  const { dir, trained, popularity } = await demo({
    flags,
    models: models ?? join(workRoot, 'models'),
    context: {
      work: work ?? join(workRoot, 'work/demo'),
      ...terminalContext(signal),
    },
  })
  return {
    says: `${dir}: generated data; NDCG@10 ${figure(trained.ndcg10)}, by popularity ${figure(popularity.ndcg10)}`,
    result: { dir, ndcg10: trained.ndcg10, popularity: popularity.ndcg10 },
  }
})
