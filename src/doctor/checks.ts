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
  /** Version and place of a Redis that answers. */
  readonly redis: () => Promise<string>
  /** The bundle that npm start would serve. */
  readonly bundle: () => Promise<string>
}

const LEAST_NODE = [20, 19] as const

/** Looks at everything, in the order in which a newcomer needs it. Never rejects. */
export async function checkMachine (probes: Probes): Promise<Finding[]> {
  return [
    checkNode(probes.nodeVersion),
    await checkTraining(probes),
    await look('ONNX Runtime, CPU', true, async () => {
      await probes.onnx('cpu')
      return 'answers and embeds'
    }, 'run npm ci; there are binaries for Linux (glibc), macOS and Windows, none for Alpine'),
    await look('ONNX Runtime, CUDA', false, async () => {
      await probes.onnx('cuda')
      return 'used where ORT_PROVIDER is auto or cuda'
    }, 'needed for a GPU alone: an NVIDIA driver, CUDA 12 and cuDNN 9, or the CUDA target of the Dockerfile'),
    { what: 'index: exact', found: true, required: false, detail: 'part of ONNX Runtime' },
    await look('index: hnsw', false, async () => {
      if (!await probes.hnsw()) throw new Error('hnswlib-node is not there')
      return 'hnswlib-node loads'
    }, 'needed for large catalogues alone: python3, make and g++, then npm ci again'),
    await look('Redis', false, probes.redis,
      'needed for several instances alone, which share histories and items over it: set REDIS_URL; one has its disk'),
    await look('text encoder', false, probes.textEncoder,
      'items without an embedding of their own stay pending; git checkout models/text-encoder brings it back'),
    await look('bundle', false, probes.bundle, 'npm run demo makes models/demo; npm run pipeline makes one of your data'),
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
