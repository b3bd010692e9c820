import { describe, expect, it } from 'vitest'
import { withAugmentation } from '../../src/data/augmentation.ts'
import type { Dataset, Item } from '../../src/data/dataset.ts'
import type { ChatAnswer, ChatTask } from '../../src/llm/chat-model.ts'
import { writeDomainAwareTexts } from '../../src/profile/write-domain-aware.ts'
import type { DomainAwareQuestion } from '../../src/profile/write-domain-aware.ts'
import { datasetOf } from '../train/planted.ts'
import { promptsOf, remembering } from './remembering.ts'

/** Items 1 to 4 in A, 5 to 8 in B; the first trains on 3 of A and 1 of B, the second on A alone, the third on B. */
const SEQUENCES = [[1, 2, 3, 5, 8, 8], [4, 2, 1], [6, 5, 7, 4]]
const LABELS = [Int32Array.of(0, 0, 1, 1), Int32Array.of(0, 1, 1, 0)]

function shopOf (sequences = SEQUENCES): Dataset {
  const dataset = datasetOf([4, 4], sequences)
  return { ...dataset, items: dataset.items.map((item, i): Item => ({ ...item, title: `title ${i + 1}` })) }
}

function question (dataset = shopOf()): DomainAwareQuestion {
  return { dataset, labels: LABELS, latest: 15, attributes: {}, nouns: { A: 'grocery', B: 'kitchen' } }
}

const reformed = ({ template, values }: ChatTask): ChatAnswer | undefined =>
  template === 'profile-reform/1' ? { value: { note: `in other words: ${String(values.option)}` } } : undefined

describe('domain-aware profiles in words', () => {
  const CLEARLY = 'in other words: grocery clearly outweighs kitchen'
  const NEARLY = 'in other words: nearly all your choices are in grocery; the rare signs about kitchen matter most'
  const OTHER = 'in other words: nearly all your choices are in kitchen; the rare signs about grocery matter most'

  it('say anew how choices are spread, then note each part with that in mind, then analyse', async () => {
    const chat = remembering(reformed)
    const stages: unknown[] = []
    const { profiles, reforms } = await writeDomainAwareTexts(question(), chat, {
      onStage: (...stage) => stages.push(stage),
    })
    const part = (user: string, leaning: string, ...products: string[]): unknown[] =>
      ['profile-domain-part/1', user, { products, leaning }]
    expect(chat.asked.map(({ template, user, values }) => [template, user, values])).toEqual([
      ['profile-reform/1', undefined, { option: 'grocery clearly outweighs kitchen', larger: 'grocery', smaller: 'kitchen' }],
      ['profile-reform/1', undefined, expect.objectContaining({ larger: 'grocery' })],
      ['profile-reform/1', undefined, expect.objectContaining({ larger: 'kitchen' })],
      part('u0', CLEARLY, 'title 1', 'title 2'),
      part('u0', CLEARLY, 'title 3'),
      part('u0', CLEARLY, 'title 5'),
      part('u1', NEARLY, 'title 4'),
      part('u2', OTHER, 'title 5'),
      part('u2', OTHER, 'title 6'),
      ['profile-analyse/1', 'u0', {
        domains: [{ kind: 'grocery', notes: ['title 2; title 1', 'title 3'] }, { kind: 'kitchen', notes: ['title 5'] }],
        leanings: [CLEARLY],
      }],
      ['profile-analyse/1', 'u1', { domains: [{ kind: 'grocery', notes: ['title 4'] }], leanings: [NEARLY] }],
      ['profile-analyse/1', 'u2', { domains: [{ kind: 'kitchen', notes: ['title 5', 'title 6'] }], leanings: [OTHER] }],
    ])
    expect(stages).toEqual([['reforms', 3], ['parts', 6], ['profiles', 3]])
    expect(profiles[0]).toEqual({
      notes: [
        { domain: 'A', cluster: 0, note: 'title 2; title 1' }, { domain: 'A', cluster: 1, note: 'title 3' },
        { domain: 'B', cluster: 0, note: 'title 5' },
      ],
      leanings: [CLEARLY],
      profile: 'title 2; title 1. title 3. title 5',
    })
    expect(new Set(reforms.values())).toEqual(new Set([CLEARLY, NEARLY, OTHER]))
  })

  it('look at training events alone: with other last two events of every user all prompts are the same bytes', async () => {
    const plain = remembering()
    await writeDomainAwareTexts(question(), plain)
    const poisoned = remembering()
    await writeDomainAwareTexts(question(shopOf(SEQUENCES.map((one) => [...one.slice(0, -2), 7, 3]))), poisoned)
    expect(promptsOf(poisoned)).toEqual(promptsOf(plain))
  })

  it('say each case anew once, whoever it holds for: at most ten for a pair of domains', async () => {
    const chat = remembering()
    const sequences = Array.from({ length: 12 }, (_, a) => Array.from({ length: 12 }, (_, b) =>
      [...Array<number>(a).fill(1), ...Array<number>(b).fill(5), 1, 5])).flat()
    await writeDomainAwareTexts(question(shopOf(sequences)), chat)
    const asked = chat.asked.filter(({ template }) => template === 'profile-reform/1')
    // Spread evenly there is one side less, unless one of many has a little more.
    expect(asked.length).toBe(10)
    expect(new Set(asked.map(({ values }) => JSON.stringify(values))).size).toBe(10)
  })

  it('keep an option as it is where the model says nothing usable', async () => {
    const chat = remembering(({ template }) => template === 'profile-reform/1' ? { problem: 'refused' } : undefined)
    const { profiles } = await writeDomainAwareTexts(question(), chat)
    expect(profiles[0]!.leanings).toEqual(['grocery clearly outweighs kitchen'])
  })

  it('read synthetic events, but take how choices are spread from the real ones', async () => {
    const fresh = { itemId: 'synthetic:B:1', domain: 'B', title: 'fresh title' }
    const augmented = withAugmentation(shopOf(), {
      items: [fresh],
      offsets: Uint32Array.of(0, 6, 7, 9),
      events: Int32Array.of(1, 9, 2, 3, 5, 6, 4, 6, 5),
      synthetic: Int32Array.of(0, 1, 0, 0, 0, 1, 0, 0, 0),
    })
    const chat = remembering()
    const labels = [LABELS[0]!, Int32Array.of(...LABELS[1]!, 1)]
    await writeDomainAwareTexts({ ...question(augmented), labels }, chat)
    const parts = chat.asked.filter(({ template, user }) => template === 'profile-domain-part/1' && user === 'u0')
    expect(parts.map(({ values }) => values.products)).toEqual([
      ['title 1', 'title 2'], ['title 3'], ['title 5'], ['fresh title', 'title 6'],
    ])
    expect(parts[0]!.values.leaning).toBe('grocery clearly outweighs kitchen')
  })
})
