import type { Command } from '../command.ts'
import { CONFIG } from './shared-flags.ts'

export const START = {
  name: 'start',
  group: 'serve',
  summary: 'Serves a bundle over HTTP until it is told to end',
  says: 'Everything else is set by variables (docs/reference/configuration.md). The address and three calls to try go to ' +
    'stdout, the log to stderr. SIGTERM ends it when it has answered what it began.',
  flags: {
    bundle: { type: 'string', value: 'folder', default: 'models/demo', says: 'models/<name>, or one version below it' },
    port: { type: 'string', value: 'n', default: '3000', says: 'where it listens; 0 for any free port' },
    host: { type: 'string', value: 'address', default: '127.0.0.1', says: 'beyond loopback it needs keys' },
    'data-dir': { type: 'string', value: 'folder', default: 'data/<bundle>', says: 'its journal' },
    'open-domains': { type: 'boolean', says: 'let posted items open domains, where an llm-recg bundle serves' },
  },
  examples: [
    { run: 'start', says: 'the demo, on http://127.0.0.1:3000' },
    { run: 'start --bundle models/shop --port 8080', says: 'a bundle of yours' },
  ],
  exits: { 75: 'another process holds the journal' },
} as const satisfies Command

export const DOCTOR = {
  name: 'doctor',
  group: 'serve',
  summary: 'Looks at what this machine has, and says what brings what it lacks',
  says: 'Then at what start would use with the settings of this environment: keys, bundle, data directory, journal, ' +
    'Redis, ports. It changes nothing.',
  flags: {
    bundle: START.flags.bundle, port: START.flags.port, host: START.flags.host, 'data-dir': START.flags['data-dir'],
  },
  examples: [
    { run: 'doctor', says: 'one line a thing, with advice below what is absent' },
    { run: 'doctor --json', says: 'the same for a program' },
  ],
  json: 'what, found, required, detail and advice of everything',
  exits: { 78: 'something is missing that the service cannot run without' },
} as const satisfies Command

export const NEW_KEY = {
  name: 'new-key',
  group: 'serve',
  summary: 'Makes an API key, which is shown this once, and the entry by which the service knows it',
  says: 'The entry goes to API_KEYS or API_KEYS_FILE, the key to the caller.',
  flags: {
    name: { type: 'string', value: 'name', required: true, says: 'who holds it, as the log will say' },
    scopes: { type: 'string', value: 'read|write|admin|metrics', default: 'read', says: 'what it may do, apart by commas' },
  },
  examples: [{ run: 'new-key --name shop --scopes read,write', says: 'for the servers of a shop' }],
  json: 'key and entry',
} as const satisfies Command

export const IMPORT_EVENTS = {
  name: 'import-events',
  group: 'serve',
  summary: 'Brings old logs into the store of a service',
  says: 'The service must not be running on that folder. A log that was imported is not imported again.',
  operands: { form: '[more files …]', says: 'further inputs' },
  flags: {
    in: { type: 'string', value: 'files', required: true, multiple: true, says: 'logs, or folders with interactions*' },
    'data-dir': {
      type: 'string', value: 'folder', default: 'as start has it', says: 'the store; DATA_DIR without it',
    },
    'max-bad-share': { type: 'string', value: '0 to 1', default: '0.01', says: 'of rows, before nothing is imported' },
    ...CONFIG,
    seed: { type: 'string', value: 'n', says: 'taken as by every step; nothing is drawn' },
  },
  examples: [{ run: 'import-events --in shop/interactions.csv --data-dir data/shop', says: 'one log into one store' }],
  json: 'users and events brought in, and the folder',
  exits: { 75: 'a service is using the folder' },
} as const satisfies Command

export const STATE = {
  name: 'state',
  group: 'serve',
  summary: 'Copies all histories, erasures, items and model choices of one store into another',
  says: 'The other keeps what it has: what is later wins, and a user who was erased in either stays erased. A folder must ' +
    'not be in use by a service.',
  operands: { form: 'copy', says: 'the one thing that can be done', words: ['copy'] },
  flags: {
    from: { type: 'string', value: 'folder or URL', required: true, says: 'a data folder, or a Redis' },
    to: { type: 'string', value: 'folder or URL', required: true, says: 'a data folder, or a Redis' },
    namespace: { type: 'string', value: 'name', default: 'demo', says: 'REDIS_NAMESPACE, or else the name of the bundle' },
  },
  examples: [
    { run: 'state copy --from data/shop --to data/copy --namespace shop', says: 'a copy on disk' },
  ],
  json: 'users and registers brought over',
  exits: { 75: 'a service is using a folder' },
} as const satisfies Command
