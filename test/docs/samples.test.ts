import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEvents } from '../../src/data/read-events.ts'
import { readItems } from '../../src/data/read-items.ts'
import { repository } from './commands.ts'

// Commands of the pages have a test of their own beside this one.
describe('the sample rows of the guide to data', () => {
  let folder: string
  let blocks: string[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-samples-'))
    const page = await readFile(join(repository, 'docs/guide/data.md'), 'utf8')
    blocks = [...page.matchAll(/^```\n([^]*?)^```$/gm)].map(([, block = '']) => block)
  })
  afterAll(async () => { await rm(folder, { recursive: true }) })

  const refuse = ({ reason }: { reason: string }): void => { throw new Error(reason) }

  it('are events that are read as they stand', async () => {
    const file = join(folder, 'interactions.csv')
    await writeFile(file, blocks.find((block) => block.startsWith('user_id,'))!)
    const events = []
    for await (const batch of readEvents(file, { onBadRow: refuse })) events.push(...batch)
    expect(events).toMatchObject([
      { userId: 'u1', itemId: 'b-17', domain: 'book', timestamp: 1_718_000_000_000 },
      { userId: 'u1', itemId: 'f-3', domain: 'film', timestamp: 1_718_086_400_000 },
    ])
  })

  it('are items that are read as they stand, every column of them', async () => {
    const file = join(folder, 'items.jsonl')
    await writeFile(file, blocks.find((block) => block.startsWith('{"item_id"'))!)
    expect(await readItems({ inputs: [file], maxBadShare: 0, onBadRow: refuse })).toMatchObject([{
      itemId: 'b-17', domain: 'book', title: 'The Voyage of the Beagle', categories: ['Travel', 'Nature'], price: 12.5,
    }])
  })
})
