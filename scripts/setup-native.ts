import { parseArgs } from 'node:util'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { setupNative } from '../src/nn/setup-native.ts'

/** `npm run setup:native [-- gpu]`: the native training backend, from package registries alone. */
try {
  const { positionals: [flavor = 'cpu'] } = parseArgs({ allowPositionals: true })
  if (flavor !== 'cpu' && flavor !== 'gpu') throw new IsthmusError('config_invalid', 'The flavour is cpu or gpu')
  const { folder, built } = await setupNative({ flavor, say: (line) => console.error(`setup-native: ${line}`) })
  console.log(`setup-native: ${built ? 'built' : 'found'} ${folder}`)
} catch (error) {
  console.error(`setup-native: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = exitStatus(error)
}
