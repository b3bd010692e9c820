import type { BundleItem } from '../../src/bundle/layout.ts'
import { files } from '../../src/bundle/layout.ts'
import type { Bundle } from '../../src/bundle/open.ts'
import { createRandom } from '../../src/random.ts'

/** One recommendation asked for: what the engine is given, and what the service is given in a body. */
export interface Asked {
  readonly domain: string
  readonly history: readonly string[]
  readonly k: number
}

const SHORTEST_HISTORY = 5
const K = 10

/** Sessions of random items of all domains, 5 items to a whole window long; the same for the same bundle. */
export async function makeRequests (bundle: Bundle, count: number): Promise<Asked[]> {
  const { domains, encoder } = bundle.manifest
  const itemIds: string[] = []
  for (const { name } of domains) {
    const lines = (await bundle.readText(files.items(name))).split('\n').filter((line) => line !== '')
    for (const line of lines) itemIds.push((JSON.parse(line) as BundleItem).itemId)
  }
  const random = createRandom(1, 'bench/serve')
  const longest = Math.max(SHORTEST_HISTORY, encoder.windowLength)
  return Array.from({ length: count }, (_, i) => ({
    domain: domains[i % domains.length]!.name,
    history: Array.from(
      { length: SHORTEST_HISTORY + random.integer(longest - SHORTEST_HISTORY + 1) },
      () => itemIds[random.integer(itemIds.length)]!
    ),
    k: K,
  }))
}

/** The whole HTTP/1.1 request, head and body, as it goes over a socket. */
export function httpRequest ({ domain, history, k }: Asked): Buffer {
  const body = JSON.stringify({ history: history.map((itemId) => ({ itemId })), k })
  return Buffer.from([
    `POST /recommend?domain=${encodeURIComponent(domain)} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n'))
}
