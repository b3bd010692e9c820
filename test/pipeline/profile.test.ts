import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Item } from '../../src/data/dataset.ts'
import { createEstimate, estimateLines } from '../../src/llm/dry-run.ts'
import { chooseChat } from '../../src/pipeline/chat-choice.ts'
import type { ChatChoice } from '../../src/pipeline/chat-choice.ts'
import { openEmbedded } from '../../src/pipeline/embed.ts'
import type { Embeddings } from '../../src/pipeline/embed.ts'
import { DEFAULT_PROFILE } from '../../src/pipeline/profile-settings.ts'
import { dryProfile, profileStep } from '../../src/pipeline/profile.ts'
import type { ProfileStep } from '../../src/pipeline/profile.ts'
import type { EmbedderChoice } from '../../src/pipeline/embedder-choice.ts'
import { openSpending } from '../../src/pipeline/spending.ts'
import { openTrainInput, readTrainInput } from '../../src/pipeline/train-input.ts'
import { openProfiles } from '../../src/profile/profiles.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'
import { plantedShop, writePlantedAugmentation, writeShop } from '../train/planted.ts'
import { notedEmbedder } from './noted-embedder.ts'

type Embedder = Embeddings['embedder']

const WIDTH = 12
const folders: string[] = []
afterAll(async () => { for (const folder of folders) await rm(folder, { recursive: true }) })

const shop = plantedShop({ users: 30, textWidth: WIDTH })
/** A topic of five items in each domain, which its texts say; one user whose only training events have no title. */
const items = shop.dataset.items.map((item, i): Item =>
  i === 0 ? item : { ...item, title: `topic ${Math.floor((i % 20) / 5)} thing ${i}` })
const dataset = { ...shop.dataset, items, events: shop.dataset.events.slice() }
dataset.events.fill(1, 0, dataset.offsets[1]!)

describe('the step profile', () => {
  let step: ProfileStep
  let embedded: string[] = []
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'isthmus-profile-'))
    folders.push(folder)
    embedded = []
    step = {
      input: await writeShop(folder, { ...shop, dataset }),
      out: join(folder, 'profiles'),
      settings: { ...DEFAULT_PROFILE, clusters: 4 },
      chat: chooseChat({ chat: 'extractive' }, await openSpending({ cache: join(folder, 'cache') }), {}),
      embedderNamed: (embedder) => notedEmbedder(embedder, embedded),
      cache: join(folder, 'cache'),
    }
  })

  it('leaves a vector for every user of whom something is known, a flag, the words, and who wrote them', async () => {
    const { manifest, skipped } = await profileStep(step)
    expect(skipped).toBe(false)
    expect(manifest).toMatchObject({ step: 'profile', chat: 'extractive', users: 30, without: 1 })
    expect(manifest.settings).toMatchObject({
      chat: { id: 'extractive' }, clusters: 4, embedder: { id: 'planted/1', width: WIDTH }, templates: expect.arrayContaining(['profile-part/1']) as string[],
    })
    const lines = (await readFile(join(step.out, 'profiles.jsonl'), 'utf8')).trim().split('\n').map((line) =>
      JSON.parse(line) as { userId: string, chat: string, profile?: string })
    expect(lines.map(({ userId }) => userId)).toEqual(dataset.users)
    expect(lines.every(({ chat }) => chat === 'extractive')).toBe(true)

    const { rows, known, width, manifest: { input } } = await openProfiles(step.out)
    const { embeddings } = await openEmbedded(step.input)
    expect([width, input?.digest]).toEqual([WIDTH, embeddings.manifest.digest])
    expect([...known]).toEqual([0, ...Array<number>(29).fill(1)])
    expect(rows.subarray(0, WIDTH).every((value) => value === 0)).toBe(true)
    const wanted = await hashEmbedder({ width: WIDTH }).embed([lines[7]!.profile!])
    expect(rows.subarray(7 * WIDTH, 8 * WIDTH)).toEqual(wanted)
  })

  it('puts the items of a topic into one cluster', async () => {
    await profileStep(step)
    const bytes = await readFile(join(step.out, 'clusters.i32'))
    const labels = items.map((_, i) => bytes.readInt32LE(i * 4))
    expect(new Set(labels).size).toBe(4)
    for (const [i, label] of labels.entries()) expect(label).toBe(labels[5 * Math.floor((i % 20) / 5)])
  })

  it('reads synthetic events where there are some, and profiles domain by domain where it is told to', async () => {
    const input = await writePlantedAugmentation(step.input, { ...shop, dataset })
    const aware = { ...step, input, settings: { ...step.settings, mode: 'domain-aware' as const } }
    const stages: string[] = []
    const { manifest } = await profileStep({ ...aware, onStage: (stage) => stages.push(stage) })
    expect(stages).toEqual(['clusters', 'reforms', 'parts', 'profiles', 'vectors'])
    expect(manifest.settings).toMatchObject({
      mode: 'domain-aware', templates: ['profile-reform/1', 'profile-domain-part/1', 'profile-analyse/1'],
    })
    expect(Object.values(manifest.reforms as Record<string, string>)).toContain('your choices are spread evenly over A and B')
    const lines = (await readFile(join(step.out, 'profiles.jsonl'), 'utf8')).trim().split('\n').map((line) =>
      JSON.parse(line) as { notes: Array<{ domain: string, note: string }>, leanings?: string[] })
    expect(new Set(lines.flatMap(({ notes }) => notes.map(({ domain }) => domain)))).toEqual(new Set(['A', 'B']))
    expect(JSON.stringify(lines)).toContain('made up')
    // One cluster for each item, and for each fresh one.
    expect(await readFile(join(step.out, 'clusters.i32'))).toHaveLength(4 * (items.length + 6))
    const { dataset: augmented, profiles } = await openTrainInput(step.out)
    expect(augmented.augmentation!.items).toHaveLength(6)
    expect(profiles!.manifest.digest).toBe(manifest.digest)
    expect(await readTrainInput(step.out)).toMatchObject({ profiled: true, augmented: true })
  })

  it('does nothing a second time, and makes anew what was made with other settings', async () => {
    const { manifest } = await profileStep(step)
    const unopened: ChatChoice = { ...step.chat, open: async () => { throw new Error('opened') } }
    expect(await profileStep({ ...step, chat: unopened })).toEqual({ manifest, skipped: true })
    const whole = await profileStep({ ...step, settings: { ...step.settings, partition: false } })
    expect([whole.skipped, whole.manifest.notes]).toEqual([false, 0])
  })

  it('goes on where it was stopped, and embeds no text twice', async () => {
    const stop = new AbortController()
    const stopped = profileStep({ ...step, signal: stop.signal, onStage: (stage) => { if (stage === 'vectors') stop.abort() } })
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
    const stages: string[] = []
    await profileStep({ ...step, onStage: (stage, total) => stages.push(`${stage} ${total}`) })
    expect(stages).toEqual(['clusters 10', expect.stringMatching(/^parts \d+$/), 'profiles 29', 'vectors 29'])
    const once = embedded.length
    await profileStep({ ...step, out: `${step.out}-again` })
    expect([once, embedded.length]).toEqual([new Set(embedded).size, once])
  })

  it('has fewer clusters where there are fewer items', async () => {
    const { manifest } = await profileStep({ ...step, settings: { ...step.settings, clusters: 1_000 } })
    expect(manifest.without).toBe(1)
  })

  it('counts before the first call what a chat model would cost, calls nobody, and leaves nothing', async () => {
    const spending = await openSpending({ cache: step.cache })
    const chat = chooseChat({ chat: 'openai', baseUrl: 'http://127.0.0.1:9/v1' }, spending, {})
    const estimate = createEstimate()
    const priced = (embedder: Embedder): EmbedderChoice =>
      ({ ...step.embedderNamed(embedder), model: 'text-embedding-3-small' })
    const dry = { ...step, chat, embedderNamed: priced }
    await dryProfile(dry, estimate)
    const [asked, embeds] = estimate.expected
    const made = await profileStep(step)
    // One call for each note and one for each profile, but equal questions once.
    expect(asked).toMatchObject({ model: 'gpt-4o-mini', mostOutput: 400 * asked!.asks })
    expect(asked!.asks).toBeGreaterThan(29)
    expect(asked!.asks).toBeLessThanOrEqual(Number(made.manifest.notes) + 29)
    expect(asked!.input / asked!.asks).toBeGreaterThan(100)
    expect(embeds).toMatchObject({ model: 'text-embedding-3-small', mostOutput: 0 })
    const lines = estimateLines(estimate.expected, spending.account.prices)
    expect(lines[0]).toMatch(/^gpt-4o-mini: \d+ calls, about \d+ tokens in and \d+ out: about \$0\.\d{4}, at most /)
    expect(lines.at(-1)).toMatch(/^together about \$0\.\d{4} at the prices of 2026/)

    const again = createEstimate()
    await dryProfile(step, again)
    expect(again.expected).toEqual([])
    expect(estimateLines([], spending.account.prices)).toEqual(['nothing to pay for: no call is left to be made'])
  })
})
