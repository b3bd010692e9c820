import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../src/data/dataset-files.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'
import { writeShop } from '../../src/pipeline/demo-files.ts'
import { generateShop } from '../../src/pipeline/demo-shop.ts'

describe('writeShop', () => {
  let folder = ''
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'isthmus-shop-')) })
  afterAll(async () => await rm(folder, { recursive: true }))

  it('leaves files that prepare reads to the last row, and a manifest that says they are generated', async () => {
    const settings = { seed: 42, users: 30 }
    const { manifest } = await writeShop(join(folder, 'shop'), settings)
    const shop = generateShop(settings)
    expect(manifest).toMatchObject({ generated: true, items: shop.items.length, events: shop.events.length })

    const out = join(folder, 'dataset')
    await prepare({ inputs: [join(folder, 'shop')], out, settings: prepareSettings({ kCore: 'none' }) })
    const { domains, items, users, offsets, events, times } = await openDataset(out)
    expect(users.length).toBe(30)
    expect(domains.map(({ name }) => name).sort()).toEqual(['cloth', 'sport'])
    const user = users.indexOf('u0007')
    const own = shop.events.filter(({ userId }) => userId === 'u0007')
    expect([...events.subarray(offsets[user], offsets[user + 1])].map((g) => items[g - 1]!.itemId))
      .toEqual(own.map(({ item }) => item.item_id))
    expect([...times.subarray(offsets[user], offsets[user + 1])]).toEqual(own.map(({ timestamp }) => timestamp))
    const { item_id: itemId, ...fields } = own[0]!.item
    expect(items.find((item) => item.itemId === itemId)).toEqual({ itemId, ...fields })
  })

  it('does nothing where the shop is there', async () => {
    expect((await writeShop(join(folder, 'shop'), { seed: 42, users: 30 })).skipped).toBe(true)
    expect((await writeShop(join(folder, 'shop'), { seed: 43, users: 30 })).skipped).toBe(false)
  })
})
