import { SETUP_NATIVE } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { refuseSetting } from '../src/errors.ts'
import { setupNative } from '../src/nn/setup-native.ts'
import { startReported } from '../src/progress.ts'

await runCommand(SETUP_NATIVE, async ({ operands: [flavor = 'cpu'] }) => {
  if (flavor !== 'cpu' && flavor !== 'gpu') refuseSetting('setup-native', 'is for cpu or gpu')
  const { onProgress, finish } = startReported({ label: 'setup-native', unit: 'parts' })
  const { folder, built } = await setupNative({
    flavor, say: (line) => console.error(`setup-native: ${line}`), onPart: onProgress,
  })
  finish()
  return { says: `setup-native: ${built ? 'built' : 'found'} ${folder}`, result: { folder, built } }
})
