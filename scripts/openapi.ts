import { parseArgs } from 'node:util'
import { exitStatus, IsthmusError } from '../src/errors.ts'
import { checkOpenapi, writeOpenapi } from '../src/serve/openapi-file.ts'

try {
  const { values: { check } } = parseArgs({ options: { check: { type: 'boolean' } } })
  if (check === true) {
    const file = await checkOpenapi()
    console.log(`openapi: ${file} is what the code makes`)
  } else console.log(`openapi: wrote ${await writeOpenapi()}`)
} catch (error) {
  console.error(error instanceof IsthmusError ? `openapi: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
