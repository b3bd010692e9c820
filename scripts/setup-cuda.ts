import { SETUP_CUDA } from '../src/cli/commands/building.ts'
import { runCommand } from '../src/cli/run.ts'
import { setupCuda } from '../src/encode/setup-cuda.ts'
import { startReported } from '../src/progress.ts'

await runCommand(SETUP_CUDA, async ({ signal }) => {
  const { onProgress, finish } = startReported({ label: 'setup-cuda', unit: 'packages' })
  const { libraryPath, fetched } = await setupCuda({
    signal, say: (line) => console.error(`setup-cuda: ${line}`), onPart: onProgress,
  })
  finish()
  return {
    says: `setup-cuda: ${fetched === 0 ? 'all was there' : `fetched ${fetched} packages`}; start with\n` +
      `LD_LIBRARY_PATH=${libraryPath} ORT_PROVIDER=cuda npm start`,
    result: { libraryPath, fetched },
  }
})
