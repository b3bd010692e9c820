import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type BundleHistory, type BundleItem, files } from '../../src/bundle/layout.ts'
import type { Bundle } from '../../src/bundle/open.ts'
import { openUserEncoder, type WindowItem } from '../../src/encode/user-encoder.ts'

const AT_ONCE = 64

/**
 * What the encoder of a domain makes of the histories of the bundle's first users who have items of the domain:
 * [count, width], the queries that an index really gets.
 */
export async function userQueries (bundle: Bundle, domain: string, most: number): Promise<Float32Array> {
  const { domains, encoder: facts } = bundle.manifest
  const width = facts.userWidth
  const items = new Map<string, WindowItem>()
  for (const { name, items: count } of domains) {
    const vectors = await bundle.readFloats(files.vectors(name), count * width)
    const lines = (await bundle.readText(files.items(name))).split('\n')
    for (let row = 0; row < count; row++) {
      const vector = vectors.subarray(row * width, (row + 1) * width)
      items.set((JSON.parse(lines[row]!) as BundleItem).itemId, { vector, own: name === domain })
    }
  }
  const windows: WindowItem[][] = []
  const lines = createInterface({ input: Readable.from([await bundle.read(files.histories)]).pipe(createGunzip()) })
  for await (const line of lines) {
    const known = (JSON.parse(line) as BundleHistory).events.flatMap(([itemId]) => items.get(itemId) ?? [])
    if (known.some(({ own }) => own)) windows.push(known.slice(-facts.windowLength))
    if (windows.length === most) break
  }
  const encoder = await openUserEncoder(await bundle.read(files.encoder(domain)), facts, { provider: 'cpu' })
  const queries = new Float32Array(windows.length * width)
  for (let from = 0; from < windows.length; from += AT_ONCE) {
    queries.set(await encoder.encode(windows.slice(from, from + AT_ONCE)), from * width)
  }
  await encoder.close()
  return queries
}
