import { parseArgs } from 'node:util'
import { newKey, SCOPES } from '../src/config/api-keys.ts'
import { exitStatus, IsthmusError } from '../src/errors.ts'

const USAGE = `npm run new-key -- --name shop --scopes read,write
Makes an API key. It is shown this once; the service gets the entry with its hash, in API_KEYS or API_KEYS_FILE.
Scopes: ${SCOPES.join(', ')} (admin may do all).`

const OPTIONS = {
  name: { type: 'string' }, scopes: { type: 'string', default: 'read' }, help: { type: 'boolean', default: false },
} as const

try {
  const { name, scopes, help } = parseArgs({ options: OPTIONS }).values
  if (help) console.log(USAGE)
  else {
    if (name === undefined) throw new IsthmusError('config_invalid', USAGE)
    const { key, entry } = newKey(name, scopes)
    console.log(`key:   ${key}\nentry: ${entry}`)
  }
} catch (error) {
  console.error(error instanceof IsthmusError ? `new-key: ${error.code}: ${error.message}` : error)
  process.exitCode = exitStatus(error)
}
