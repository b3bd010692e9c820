import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { writeFileAtomic } from '../files/write.ts'
import { packageRoot } from '../paths.ts'
import type { Engine } from '../recommend/engine.ts'
import { createModelPool } from '../recommend/model-pool.ts'
import type { Store } from '../state/stores.ts'
import { buildApp } from './app.ts'
import type { LoadedModel } from './models/open-model.ts'

const FILE = 'openapi/openapi.json'

/** The API document as text. It depends on the code alone: no bundle, no store. */
export async function openapiText (): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const models = createModelPool([{ model: NO_MODEL, weight: 1 }])
  const { server } = await buildApp({ version, models, store: NO_STORE })
  try {
    return JSON.stringify(server.swagger(), null, 2) + '\n'
  } finally {
    await server.close()
  }
}

/** Writes the document; returns where. */
export async function writeOpenapi (): Promise<string> {
  await writeFileAtomic(join(packageRoot, FILE), await openapiText())
  return FILE
}

/** Fails with `artefact_invalid` where the committed document is not the one that the code makes. */
export async function checkOpenapi (): Promise<string> {
  const committed = await readFile(join(packageRoot, FILE), 'utf8').catch((cause: unknown) => {
    throw new IsthmusError('artefact_missing', `${FILE} is not there`, { cause, place: { file: FILE } })
  })
  if (committed === await openapiText()) return FILE
  throw new IsthmusError('artefact_invalid', `${FILE} is not what the code makes; run npm run openapi`, {
    place: { file: FILE },
  })
}

/** Building an app asks nothing of these; a request would. */
const absent = async (): Promise<never> => { throw new IsthmusError('internal', 'only the API document is made here') }

const NO_ENGINE: Engine = {
  model: { name: 'none', version: 'none' },
  domains: [],
  openedDomains: [],
  opensDomains: false,
  about: { system: 'none', generated: false, threads: ['global'] },
  embedder: { id: 'none', width: 1 },
  recommend: absent,
  similar: absent,
  openDomain: absent,
  search: absent,
  chart: absent,
  putItems: absent,
  removeItem: absent,
  describe: absent,
  status: () => ({ provider: 'cpu', retrieval: {}, items: {}, tail: {}, queueDepth: 0, waitMs: 0, busyMs: 0 }),
  close: async () => {},
}

const NO_MODEL: LoadedModel = {
  engine: NO_ENGINE,
  popular: { top: () => [], remove: () => {} },
  embedder: { embed: absent },
  itemText: () => '',
  pending: [],
  warm: absent,
  seed: absent,
  close: async () => {},
}

const NO_STORE: Store = {
  append: absent,
  history: async () => ({ entries: [], degradedReasons: [] }),
  erase: absent,
  isErased: () => false,
  seed: absent,
  putItems: absent,
  getItem: () => undefined,
  deleteItem: absent,
  changes: () => [],
  chosenModel: () => undefined,
  chooseModel: absent,
  close: async () => {},
}
