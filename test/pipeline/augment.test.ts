import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AuditLine } from '../../src/augment/audit.ts'
import { openAugmentation } from '../../src/augment/augmentation-files.ts'
import { syntheticFlags, trainInput } from '../../src/data/augmentation.ts'
import { domainOf, trainPrefix } from '../../src/data/dataset.ts'
import type { ChatModel, ChatTask, Json } from '../../src/llm/chat-model.ts'
import { createEstimate } from '../../src/llm/dry-run.ts'
import { itemPrompt, itemText } from '../../src/llm/item-prompt.ts'
import { promptOf } from '../../src/llm/prompts/registry.ts'
import { DEFAULT_AUGMENT } from '../../src/pipeline/augment-settings.ts'
import { augmentStep, dryAugment } from '../../src/pipeline/augment.ts'
import type { AugmentStep } from '../../src/pipeline/augment.ts'
import { chooseChat } from '../../src/pipeline/chat-choice.ts'
import type { ChatChoice } from '../../src/pipeline/chat-choice.ts'
import { openItemTexts } from '../../src/pipeline/item-texts.ts'
import { createMemo } from '../../src/pipeline/memo.ts'
import { openTrainInput, readTrainInput } from '../../src/pipeline/train-input.ts'
import { openSpending } from '../../src/pipeline/spending.ts'
import { poisoned, topicShop, WIDTH } from '../augment/topic-shop.ts'
import { hashEmbedder } from '../support/hash-embedder.ts'
import { writeShop } from '../train/planted.ts'
import { notedEmbedder } from './noted-embedder.ts'

const USERS = 40
let folder: string
let input: string
let shop: Awaited<ReturnType<typeof topicShop>>
let embedded: string[] = []
let extractive: ChatChoice
let runs = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-augment-'))
  shop = await topicShop(USERS)
  input = await writeShop(folder, shop)
  extractive = chooseChat({ chat: 'extractive' }, await openSpending({ cache: join(folder, 'cache') }), {})
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => { embedded = [] })

function step (more: Partial<AugmentStep> = {}, settings: Partial<AugmentStep['settings']> = {}): AugmentStep {
  const run = ++runs
  return {
    input,
    out: join(folder, `out-${run}`),
    settings: { ...DEFAULT_AUGMENT, kmeansK: 4, ...settings },
    chat: extractive,
    embedderNamed: (embedder) => notedEmbedder(embedder, embedded),
    cache: join(folder, `cache-${run}`),
    ...more,
  }
}

const auditOf = async (out: string): Promise<AuditLine[]> =>
  (await readFile(join(out, 'audit.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as AuditLine)

function product (title: string, more: Record<string, Json> = {}): Json {
  return { title, brand: null, categories: [], price: null, features: [], description: null, ...more }
}

/** A chat model that answers a question with these products; none: what it said was unusable. */
function telling (productsOf: (task: ChatTask) => Json[] | undefined): { choice: ChatChoice, asked: ChatTask[] } {
  const asked: ChatTask[] = []
  const model: ChatModel = {
    id: 'openai/fake',
    complete: async (tasks) => tasks.map((task) => {
      asked.push(task)
      const products = productsOf(task)
      return products === undefined ? { problem: 'unusable' as const } : { value: { products } }
    }),
    close: async () => {},
  }
  const open = async (): Promise<ChatModel> => model
  return { choice: { id: model.id, settings: { id: model.id }, open, dry: open }, asked }
}

const topicOf = ({ values }: ChatTask): string => /topic\d/.exec(JSON.stringify(values.chosen))![0]
/** Something new of the user's topic, of the kind that is asked for. */
const invented = (task: ChatTask): Json[] => [
  product(`${topicOf(task)} topical${topicOf(task).at(-1)!} ${String(task.values.to)} gadget`, { price: '$9.50', brand: 'Acme' }),
]

describe('the step augment with the extractive model', () => {
  it('gives users 0.2 to 0.35 items of the catalogue on average, after their anchors, and says who chose them', async () => {
    const one = step()
    const { manifest, skipped } = await augmentStep(one)
    expect(skipped).toBe(false)
    expect(manifest).toMatchObject({
      step: 'augment',
      chat: 'extractive',
      users: USERS,
      freshItems: 0,
      inPaperRange: true,
      settings: { chat: { id: 'extractive' }, ground: true, templates: ['augment-generate/1'] },
    })
    const { perUser, tau, syntheticEvents, augmentedUsers, outcomes } = manifest as unknown as
      Record<'perUser' | 'tau' | 'syntheticEvents' | 'augmentedUsers', number> & { outcomes: Record<string, number> }
    expect(perUser).toBeGreaterThanOrEqual(0.2)
    expect(perUser).toBeLessThanOrEqual(0.35)
    expect(outcomes).toMatchObject({ kept: syntheticEvents, generated: USERS * 2 * 10, inCatalogue: 0, unanswered: 0 })
    expect(Object.values(outcomes).reduce((sum, count) => sum + count) - outcomes.generated! - outcomes.unanswered!)
      .toBe(outcomes.generated)
    expect(augmentedUsers).toBeLessThanOrEqual(syntheticEvents)

    const { dataset } = await openItemTexts(one.out)
    const lines = await auditOf(one.out)
    expect(lines.map(({ userId }) => userId)).toEqual(dataset.users)
    expect(lines.every(({ chat }) => chat === 'extractive')).toBe(true)
    for (const [user, { directions }] of lines.entries()) {
      expect(directions.map(({ from, to }) => `${from}${to}`)).toEqual(['AB', 'BA'])
      const input = trainInput(dataset, user)
      const flags = syntheticFlags(dataset, user)!
      const kept = directions.flatMap(({ generated }) => generated).filter(({ outcome }) => outcome === 'kept')
      expect(kept).toHaveLength(flags.filter((flag) => flag === 1).length)
      for (const { itemId, anchor, rank, targetScore, grounded } of kept) {
        const prefix = trainPrefix(dataset, user)
        expect(dataset.items[prefix[anchor!.position]! - 1]!.itemId).toBe(anchor!.itemId)
        const at = input.findIndex((id, i) => flags[i] === 1 && dataset.items[id - 1]!.itemId === itemId)
        // Others of the same anchor may stand between the two.
        const real = input.subarray(0, at).filter((_, i) => flags[i] === 0)
        expect(real).toHaveLength(anchor!.position + 1)
        expect(domainOf(dataset.domains, input[at]!)).not.toBe(domainOf(dataset.domains, real.at(-1)!))
        expect(prefix).not.toContain(input[at])
        expect(rank).toBeLessThanOrEqual(5)
        expect(targetScore).toBeGreaterThanOrEqual(tau)
        expect(grounded!.itemId).toBe(itemId)
      }
    }
  })

  it('looks for clusters and neighbours once with a memo, under whatever filter, and leaves what it leaves without', async () => {
    const memo = createMemo()
    const stages = async (settings: object): Promise<{ files: unknown, worked: string[] }> => {
      const worked = new Set<string>()
      let stage = ''
      const { manifest } = await augmentStep(step({
        memo, onStage: (name) => { stage = name }, onProgress: () => worked.add(stage),
      }, settings))
      return { files: manifest.files, worked: [...worked] }
    }
    expect((await stages({})).worked).toEqual(expect.arrayContaining(['clusters', 'neighbours', 'generation']))
    const again = await stages({ filterTau: 0.5 })
    expect(again.worked).toContain('generation')
    expect(again.worked).not.toContain('clusters')
    expect(again.worked).not.toContain('neighbours')
    expect(again.files).toEqual((await augmentStep(step({}, { filterTau: 0.5 }))).manifest.files)
    // Other clusters have other neighbours, and more are kept where more are asked for.
    const more = await stages({ nGenerate: 20 })
    expect(more.worked).toContain('neighbours')
    expect(more.worked).not.toContain('clusters')
    expect((await stages({ kmeansK: 3 })).worked).toEqual(expect.arrayContaining(['clusters', 'neighbours']))
  })

  it('never looks at the last two events of a user: with others of them, all that it leaves is the same', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'isthmus-augment-poison-'))
    try {
      const other = await writeShop(elsewhere, { ...shop, dataset: poisoned(shop.dataset) })
      const [plain, changed] = [step(), step({ input: other })]
      const made = await Promise.all([augmentStep(plain), augmentStep(changed)])
      expect(made[0].manifest.files).toEqual(made[1].manifest.files)
      expect(Object.keys(made[0].manifest.files).sort()).toEqual([
        'audit.jsonl', 'events.i32', 'items.jsonl', 'offsets.u32', 'synthetic.i32', 'text.f32',
      ])
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })

  it('does nothing a second time, and makes anew what was made with other settings', async () => {
    const one = step()
    const { manifest } = await augmentStep(one)
    const unopened: ChatChoice = { ...extractive, open: async () => { throw new Error('opened') } }
    expect(await augmentStep({ ...one, chat: unopened })).toEqual({ manifest, skipped: true })
    const again = await augmentStep({ ...one, settings: { ...one.settings, filter: false } })
    expect(again.skipped).toBe(false)
    expect(again.manifest).toMatchObject({ outcomes: { belowRank: 0, belowTau: 0 } })
    expect(again.manifest).not.toHaveProperty('tau')
  })

  it('goes on where it was stopped, and embeds no text twice', async () => {
    const one = step()
    const stop = new AbortController()
    const stopped = augmentStep({ ...one, signal: stop.signal, onStage: (stage) => { if (stage === 'grounding') stop.abort() } })
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
    const stages: string[] = []
    await augmentStep({ ...one, onStage: (stage) => stages.push(stage) })
    expect(stages).toEqual(['clusters', 'neighbours', 'generation', 'vectors', 'grounding'])
    expect(embedded.length).toBeGreaterThan(0)
    expect(embedded).toHaveLength(new Set(embedded).size)
  })

  it('inserts a share of the same items, and only for users whose choices are uneven enough', async () => {
    const events = async (settings: Partial<AugmentStep['settings']>): Promise<Record<string, number>> =>
      (await augmentStep(step({}, settings))).manifest.outcomes as Record<string, number>
    const all = await events({})
    const some = await events({ injectRatio: 0.3 })
    const passed = all.kept! + all.hadAlready!
    expect(all.notInjected).toBe(0)
    expect(some.notInjected).toBe(passed - Math.round(0.3 * passed))
    // All of these users buy as much in either domain.
    expect(await events({ injectMinR: 0.9 })).toMatchObject({ kept: 0, belowMinR: passed })
  })
})

describe('the step augment with a language model', () => {
  it('numbers what it makes up after the catalogue, with vectors by its embedder, equal products as one', async () => {
    const { choice, asked } = telling(invented)
    const one = step({ chat: choice }, { filterTau: -1, ground: false })
    const { manifest } = await augmentStep(one)
    expect(asked).toHaveLength(2 * USERS)
    // Four topics in two domains.
    expect(manifest).toMatchObject({ chat: 'openai/fake', syntheticEvents: 2 * USERS, freshByDomain: { A: 4, B: 4 } })
    const { augmentation: { items }, rows } = await openAugmentation(one.out)
    expect(items.map(({ itemId }) => itemId))
      .toEqual(['A', 'B'].flatMap((k) => [1, 2, 3, 4].map((i) => `synthetic:${k}:${i}`)))
    expect(items[0]).toMatchObject({ domain: 'A', brand: 'Acme', price: 9.5 })
    const prompt = itemPrompt(['A', 'B'])
    const texts = items.map((item) => itemText(prompt, item.domain, item).text)
    expect(rows).toEqual(await hashEmbedder({ width: WIDTH }).embed(texts))

    const { dataset, embeddings, digest } = await openTrainInput(one.out)
    expect(dataset.items).toHaveLength(shop.dataset.items.length)
    expect(dataset.digest).toBe((await openTrainInput(input)).dataset.digest)
    expect(embeddings.rows.subarray(-rows.length)).toEqual(rows)
    expect(await readTrainInput(one.out)).toEqual({ digest, textWidth: WIDTH, profiled: false, augmented: true })
    expect(digest).toBe(manifest.digest)
  })

  it('looks at training events alone: with other last two events of every user all prompts are the same bytes', async () => {
    const prompts = async (from: string): Promise<string[]> => {
      const { choice, asked } = telling(invented)
      await augmentStep(step({ input: from, chat: choice }))
      return asked.map(({ template, values }) => JSON.stringify(promptOf(template).fill(values)))
    }
    const elsewhere = await mkdtemp(join(tmpdir(), 'isthmus-augment-poison-'))
    try {
      const other = await writeShop(elsewhere, { ...shop, dataset: poisoned(shop.dataset) })
      const plain = await prompts(input)
      expect(await prompts(other)).toEqual(plain)
      expect(plain).toHaveLength(2 * USERS)
      // What no prompt shows is not in it.
      expect(plain.join()).not.toContain('retrieve')
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })

  it('drops what repeats a product in the prompt, in the catalogue or of the same answer, and what has no title', async () => {
    const { choice } = telling(({ values }) => {
      const { title } = (values.chosen as Array<{ title: string }>)[0]!
      return [
        product(title.toUpperCase()), product(values.to === 'B' ? shop.dataset.items[60]!.title! : 'new'),
        product('brand new'), product(' Brand  NEW '), product('\u200b'),
      ]
    })
    const one = step({ chat: choice }, { filterTau: -1, ground: false })
    await augmentStep(one)
    const [{ directions }] = await auditOf(one.out) as [AuditLine]
    expect(directions[0]!.generated.map(({ outcome }) => outcome)).toEqual([
      'repeatsSample', expect.stringMatching(/inCatalogue|repeatsSample/), 'kept', 'repeated', 'noTitle',
    ])
    // The other direction of the same user.
    expect(directions[1]!.generated[2]!.outcome).toBe('repeated')
  })

  it('goes on without a user of whom the model says nothing usable, and says so', async () => {
    const { choice } = telling((task) => task.user === 'u3' ? undefined : invented(task))
    const one = step({ chat: choice }, { filterTau: -1 })
    const { manifest } = await augmentStep(one)
    expect(manifest.outcomes).toMatchObject({ unanswered: 2 })
    const { directions } = (await auditOf(one.out))[3]!
    expect(directions).toHaveLength(2)
    for (const direction of directions) expect(direction).toMatchObject({ problem: 'unusable', generated: [] })
  })

  it('takes at most as many as were asked for', async () => {
    const { choice } = telling((task) => Array.from({ length: 9 }, (_, i) => product(`thing ${task.user!} ${i}`)))
    const { manifest } = await augmentStep(step({ chat: choice }, { nGenerate: 3 }))
    expect(manifest.outcomes).toMatchObject({ generated: 2 * USERS * 3 })
  })

  it('puts an item of the catalogue in the place of one that is near enough, unless the user has it', async () => {
    const { choice } = telling((task) => {
      const { title } = shop.dataset.items.find(({ domain, title }) =>
        domain === task.values.to && title!.startsWith(topicOf(task)))!
      // All but the same.
      return [product(`${title!}.`)]
    })
    const one = step({ chat: choice }, { filterTau: -1, filterTopK: 10 })
    const { manifest } = await augmentStep(one)
    const outcomes = manifest.outcomes as Record<string, number>
    expect(outcomes.kept! + outcomes.hadAlready!).toBe(outcomes.generated)
    expect(outcomes.hadAlready).toBeGreaterThan(0)
    expect(manifest.freshItems).toBe(0)
    const far = await augmentStep(step({ chat: choice }, { filterTau: -1, filterTopK: 10, ground: false }))
    expect(far.manifest.freshItems).toBeGreaterThan(0)
  })

  it('counts before the first call what it would cost, calls nobody, and leaves nothing', async () => {
    const spending = await openSpending({ cache: join(folder, 'dry') })
    const chat = chooseChat({ chat: 'openai', baseUrl: 'http://127.0.0.1:9/v1' }, spending, {})
    const one = step({ chat })
    const named: AugmentStep['embedderNamed'] = (embedder) =>
      ({ ...one.embedderNamed(embedder), model: 'text-embedding-3-small' })
    const priced = { ...one, embedderNamed: named }
    const estimate = createEstimate()
    await dryAugment(priced, estimate)
    expect(estimate.expected[0]).toMatchObject({ model: 'gpt-4o-mini', asks: 2 * USERS })
    expect(estimate.expected[1]!.model).toBe('text-embedding-3-small')
    expect(estimate.expected[1]!.asks).toBeGreaterThan(USERS)
    await expect(readFile(join(one.out, 'manifest.json'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
