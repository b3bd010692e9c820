import { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { type BundleHistory, files } from '../bundle/layout.ts'
import type { Bundle } from '../bundle/open.ts'
import type { SeedHistory } from '../state/stores.ts'

/** The histories that came with a bundle, in its order; none if it was exported without. */
export async function * historiesOf (bundle: Bundle): AsyncGenerator<SeedHistory> {
  if (!bundle.has(files.histories)) return
  const lines = createInterface({ input: Readable.from([await bundle.read(files.histories)]).pipe(createGunzip()) })
  for await (const line of lines) {
    if (line === '') continue
    // The exporter wrote it, and its checksum holds.
    const { userId, events } = JSON.parse(line) as BundleHistory
    yield { userId, events: events.map(([itemId, timestamp]) => ({ itemId, timestamp })) }
  }
}

/** Ids for somebody who wants to try: the first user of the bundle, and the first items of its first two domains. */
export async function examplesOf (bundle: Bundle): Promise<{ userId: string | undefined, itemIds: string[] }> {
  const first = await historiesOf(bundle).next()
  const itemIds: string[] = []
  for (const { name } of bundle.manifest.domains.slice(0, 2)) {
    const [line = ''] = (await bundle.readText(files.items(name))).split('\n', 1)
    if (line !== '') itemIds.push((JSON.parse(line) as { itemId: string }).itemId)
  }
  return { userId: first.done === true ? undefined : first.value.userId, itemIds }
}
