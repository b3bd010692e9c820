import { join } from 'node:path'
import { ITEM_MAP } from '../src/cli/commands/measuring.ts'
import { runCommand } from '../src/cli/run.ts'
import { packageRoot, workRoot } from '../src/paths.ts'
import { drawItemMap } from '../src/pipeline/item-map.ts'

await runCommand(ITEM_MAP, async ({ flags }) => {
  const { bundle = join(packageRoot, 'models/demo'), out: file = join(workRoot, 'docs/pictures/item-map.svg') } = flags
  const { points, share } = await drawItemMap({ bundle, file })
  return { says: `item-map: ${points} items in ${file}`, result: { file, points, share } }
})
