import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCurrent, readStep, writeStep } from '../files/step.ts'
import type { StepManifest } from '../files/step.ts'
import { generateShop } from './demo-shop.ts'
import type { ShopSettings } from './demo-shop.ts'

/** The name of the step that leaves the generated shop. */
export const SHOP = 'demo-shop'

/** Raised with every change of the generator or its words: what was made by another is made anew. */
const GENERATOR = 3

/**
 * Writes the shop's `interactions.csv` and `items.jsonl`, which `prepare` reads; the manifest says that they are
 * generated. Nothing to do where they are there already.
 */
export async function writeShop (
  out: string, settings: ShopSettings
): Promise<{ manifest: StepManifest, skipped: boolean }> {
  const plan = { step: SHOP, settings: { ...settings, generator: GENERATOR } }
  if (await isCurrent(out, plan)) return { manifest: await readStep(out, SHOP), skipped: true }
  const manifest = await writeStep(out, plan, async (dir) => {
    const { items, events } = generateShop(settings)
    const rows = events.map(({ userId, item: { item_id: itemId, domain }, timestamp }) =>
      [userId, itemId, domain, timestamp].join(','))
    await writeFile(join(dir, 'interactions.csv'), `${['user_id,item_id,domain,timestamp', ...rows].join('\n')}\n`)
    await writeFile(join(dir, 'items.jsonl'), items.map((item) => `${JSON.stringify(item)}\n`).join(''))
    return { generated: true, items: items.length, events: events.length }
  })
  return { manifest, skipped: false }
}
