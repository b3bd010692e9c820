import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBundle } from '../../src/bundle/open.ts'
import { writeBundle } from '../../src/bundle/write.ts'
import { cp, readFile } from 'node:fs/promises'
import { openEngine } from '../../src/recommend/engine-core.ts'
import { type TinyBundleOptions, writeTinyBundle } from '../support/tiny-bundle.ts'
import { engineContract } from './engine.contract.ts'

engineContract('the engine core', async (root) => await openEngine(await openBundle(root), { provider: 'cpu', chart: true }))
engineContract('the engine core that keeps user vectors', async (root) =>
  await openEngine(await openBundle(root), { provider: 'cpu', userCache: 1000, chart: true }))

it('answers a history that comes again as it did, until a vector in it changes', async () => {
  const tiny = await writeTinyBundle()
  const open = async (userCache: number) => {
    const engine = await openEngine(await openBundle(tiny.root), { provider: 'cpu', userCache })
    const put = async (title: string): Promise<void> =>
      await engine.putItems([{ itemId: 'new-1', domain: 'sport', title, embedding: tiny.embed(title) }])
    const ask = async (domain: string, history: string[]) => (await engine.recommend({
      domain, history, k: 5, exclude: [], excludeSeen: true,
    })).items.map(({ itemId, score }) => `${itemId} ${score.toFixed(4)}`)
    const answers: string[][] = []
    for (const title of ['running ball', 'yoga mat lion']) {
      await put(title)
      for (const domain of ['sport', 'cloth', 'sport']) answers.push(await ask(domain, ['new-1', 'cloth-0003']))
      answers.push(await ask('sport', ['cloth-0003', 'new-1']))
    }
    await engine.close()
    return answers
  }
  const [plain, kept] = [await open(0), await open(3)]
  await tiny.close()
  expect(kept).toEqual(plain)
  expect(kept[4]).not.toEqual(kept[0])
  expect(kept[2]).toEqual(kept[0])
})

it('makes the vector of a text by the map of profiles, where the bundle has one', async () => {
  const answers = async (options: TinyBundleOptions) => {
    const tiny = await writeTinyBundle(options)
    const engine = await openEngine(await openBundle(tiny.root), { provider: 'cpu' })
    const { items } = await engine.recommend({
      domain: 'sport', history: [], text: tiny.embed('running ball'), k: 60, exclude: [], excludeSeen: true,
    })
    await engine.close()
    await tiny.close()
    return new Map(items.map(({ itemId, score }) => [itemId, score]))
  }
  const [plain, turned] = [await answers({}), await answers({ profiles: { norm: 3, chat: 'none' } })]
  expect(turned.size).toBe(60)
  for (const [itemId, score] of turned) expect(score).toBeCloseTo(-3 * plain.get(itemId)!, 4)
})

describe('loading a bundle', () => {
  /** A bundle whose hashes are right and whose content is not. */
  async function openChanged (file: string, change: (bytes: Buffer) => Buffer | string): Promise<unknown> {
    const tiny = await writeTinyBundle()
    try {
      const changed = await writeBundle(tiny.root, async (dir) => {
        for (const { path } of tiny.manifest.files) await cp(join(tiny.dir, path), join(dir, path))
        await writeFile(join(dir, file), change(await readFile(join(dir, file))))
        const { format: _f, version: _v, created: _c, files: _l, ...facts } = tiny.manifest
        return facts
      })
      return await openEngine(await openBundle(changed.dir), { provider: 'cpu' })
    } finally {
      await tiny.close()
    }
  }

  it.each<[string, string, (bytes: Buffer) => Buffer | string]>([
    ['golden answers differ', 'golden.json', (bytes) => bytes.toString().replace(/"score":0\.\d/, '"score":9.1')],
    ['golden answers cannot be read', 'golden.json', () => '{'],
    ['vectors are too few', 'vectors-sport.f32', (bytes) => bytes.subarray(128)],
    ['a vector is not finite', 'vectors-sport.f32', (bytes) => {
      bytes.writeFloatLE(Number.NaN, 40)
      return bytes
    }],
    ['an item is missing', 'items-sport.jsonl', (bytes) => bytes.toString().split('\n').slice(1).join('\n')],
    ['items are out of order', 'items-sport.jsonl', (bytes) => bytes.toString().split('\n').reverse().join('\n')],
    ['an item is no item', 'items-sport.jsonl', (bytes) => bytes.toString().replace('"itemId"', '"item"')],
    ['an item is in two domains', 'items-sport.jsonl', (bytes) => bytes.toString().replaceAll('sport-', 'cloth-')],
    ['a map has another width', 'item-map.f32', (bytes) => bytes.subarray(4)],
    ['a popularity list is none', 'popularity-cloth.json', () => '[]'],
    ['an encoder is none', 'user-cloth.onnx', () => 'x'],
  ])('is refused when %s', async (_, file, change) => {
    await expect(openChanged(file, change)).rejects.toMatchObject({ code: 'artefact_invalid' })
  })
})
