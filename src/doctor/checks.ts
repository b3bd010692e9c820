/** One thing that this machine has, or lacks. */
export interface Finding {
  readonly what: string
  readonly found: boolean
  /** Nothing starts without it. */
  readonly required: boolean
  /** Version, place or reason: one line. */
  readonly detail: string
  /** What to do where it is absent. */
  readonly advice?: string
}

/** How the machine is looked at; each rejects where the thing is absent, with the reason. */
export interface Probes {
  readonly nodeVersion: string
  /** The backend that training would take. */
  readonly training: () => Promise<{ backend: string, gpu: boolean }>
  readonly onnx: (provider: 'cpu' | 'cuda') => Promise<void>
  readonly hnsw: () => Promise<boolean>
  readonly textEncoder: () => Promise<string>
}

const LEAST_NODE = [20, 19] as const

/** What the settings of the service ask for by name, and so cannot do without. */
export interface Wanted { readonly cuda?: boolean, readonly hnsw?: boolean }

/** Looks at the machine, in the order in which a newcomer needs it. Never rejects. */
export async function checkMachine (probes: Probes, wanted: Wanted = {}): Promise<Finding[]> {
  return [
    checkNode(probes.nodeVersion),
    await checkTraining(probes),
    await look('ONNX Runtime, CPU', true, async () => {
      await probes.onnx('cpu')
      return 'answers and embeds'
    }, 'run npm ci; there are binaries for Linux (glibc), macOS and Windows, none for Alpine'),
    await look('ONNX Runtime, CUDA', wanted.cuda === true, async () => {
      await probes.onnx('cuda')
      return 'used where ORT_PROVIDER is auto or cuda'
    }, 'needed for a GPU alone: an NVIDIA driver for CUDA 13 and npm run setup:cuda, or the CUDA target of the Dockerfile'),
    { what: 'index: exact', found: true, required: false, detail: 'part of ONNX Runtime' },
    await look('index: hnsw', wanted.hnsw === true, async () => {
      if (!await probes.hnsw()) throw new Error('hnswlib-node is not there')
      return 'hnswlib-node loads'
    }, 'needed for large catalogues alone: python3, make and g++, then npm ci again'),
    await look('text encoder', false, probes.textEncoder,
      'items without an embedding of their own stay pending; git checkout models/text-encoder brings it back'),
  ]
}

/** How what npm start needs is looked at; each rejects where it is not as it should be, with the reason. */
export interface ServiceProbes {
  /** All settings, checked as the service does. */
  readonly settings: () => Promise<string>
  /** Who may call. */
  readonly keys: () => Promise<string>
  /** The bundle that would be served: every file against its hash. */
  readonly bundle: () => Promise<string>
  /** What embeds the texts of posted items. */
  readonly embedder: () => Promise<string>
  /** Where the journal lies, whether it can be written, and the room on its disk. */
  readonly dataDir: () => Promise<string>
  /** Whether another process has the journal, and how it was left. */
  readonly journal: () => Promise<string>
  /** Version and place of the Redis that instances share. */
  readonly redis: () => Promise<string>
  /** Whether the ports are free. */
  readonly ports: () => Promise<string>
}

/** Looks at what npm start would use. Never rejects; where the settings are bad there is nothing more to see. */
export async function checkService (probes: ServiceProbes): Promise<Finding[]> {
  const settings = await look('settings', true, probes.settings, 'npm start ends with 78; README, "Settings", has them all')
  if (!settings.found) return [settings]
  return [
    settings,
    await look('API keys', false, probes.keys, 'npm run new-key makes one; without any, all that can reach the service may use it'),
    await look('bundle', true, probes.bundle, 'npm run demo makes models/demo; npm run pipeline makes one of your data'),
    await look('text embedder', false, probes.embedder, 'posted items that have no embedding of their own stay pending'),
    await look('data directory', true, probes.dataDir, 'DATA_DIR has to be a folder of its own with room to write'),
    await look('journal', false, probes.journal, 'one process a data directory: end the other one, or set DATA_DIR'),
    await look('Redis', false, probes.redis,
      'REDIS_URL is for several instances that share histories and items; while it is away answers are degraded'),
    await look('ports', false, probes.ports, 'end what listens there, or set PORT or METRICS_PORT'),
  ]
}

/** The findings as lines of text, the advice below what is absent. */
export function report (findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  return findings.flatMap(({ what, found, required, detail, advice }) => [
    `${found ? 'found  ' : required ? 'MISSING' : 'absent '}  ${what.padEnd(width)}  ${detail}`,
    ...(found || advice === undefined ? [] : [`${' '.repeat(11 + width)}${advice}`]),
  ]).join('\n')
}

/** What is absent that nothing starts without. */
export function missing (findings: readonly Finding[]): string[] {
  return findings.filter(({ found, required }) => required && !found).map(({ what }) => what)
}

function checkNode (version: string): Finding {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number)
  const found = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  return {
    what: 'Node', found, required: true, detail: version, advice: `install Node ${LEAST_NODE.join('.')} or later`,
  }
}

async function checkTraining (probes: Probes): Promise<Finding> {
  const slow = 'npm run setup:native builds the native one (4 to 5 times faster)'
  return await look('training backend', false, async () => {
    const { backend, gpu } = await probes.training()
    return `${backend}, ${gpu ? 'on a GPU' : 'no GPU'}${backend.startsWith('native') ? '' : `; ${slow}`}`
  }, `serving does without; to train, run npm ci, and ${slow}`)
}

async function look (what: string, required: boolean, probe: () => Promise<string>, advice: string): Promise<Finding> {
  try {
    return { what, found: true, required, detail: await probe() }
  } catch (error) {
    // Whatever keeps a library from loading is what its user wants to read.
    const detail = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!
    return { what, found: false, required, detail, advice }
  }
}
