import { describe, expect, it } from 'vitest'
import type { Item } from '../../src/data/dataset.ts'
import { writeProfileTexts } from '../../src/profile/write-profiles.ts'
import type { ProfileQuestion } from '../../src/profile/write-profiles.ts'
import { datasetOf } from '../train/planted.ts'
import { promptsOf, remembering } from './remembering.ts'

const SEQUENCES = [[1, 2, 3, 4, 9, 10], [5, 6, 1], [11, 12, 3, 2, 1, 8, 7]]
const LABELS = Int32Array.from([0, 1, 0, 1, 0, 2, 2, 2, 2, 2, 1, 0])

function question (
  sequences: readonly number[][] = SEQUENCES, titled = (id: number): Partial<Item> => ({ title: `title ${id}` })
): ProfileQuestion {
  const dataset = datasetOf([6, 6], sequences)
  const items = dataset.items.map((item, i): Item => ({ ...item, ...titled(i + 1) }))
  const partition = { labels: LABELS, clusters: 3, latest: 15 }
  return { dataset: { ...dataset, items }, attributes: {}, partition }
}

describe('profiles in words', () => {
  it('ask one question for each part that a user touched, and one for the whole', async () => {
    const chat = remembering()
    const stages: unknown[] = []
    const profiles = await writeProfileTexts(question(), chat, { onStage: (...stage) => stages.push(stage) })
    expect(chat.asked.map(({ template, user, values }) => [template, user, values])).toEqual([
      ['profile-part/1', 'u0', { products: ['title 1', 'title 3'] }],
      ['profile-part/1', 'u0', { products: ['title 2', 'title 4'] }],
      ['profile-part/1', 'u1', { products: ['title 5'] }],
      ['profile-part/1', 'u2', { products: ['title 12', 'title 3', 'title 1'] }],
      ['profile-part/1', 'u2', { products: ['title 11', 'title 2'] }],
      ['profile-whole/1', 'u0', { notes: ['title 3; title 1', 'title 4; title 2'] }],
      ['profile-whole/1', 'u1', { notes: ['title 5'] }],
      ['profile-whole/1', 'u2', { notes: ['title 1; title 3; title 12', 'title 2; title 11'] }],
    ])
    expect(stages).toEqual([['parts', 5], ['profiles', 3]])
    expect(profiles[0]).toEqual({
      notes: [{ cluster: 0, note: 'title 3; title 1' }, { cluster: 1, note: 'title 4; title 2' }],
      profile: 'title 3; title 1. title 4; title 2',
    })
  })

  it('look at training events alone: with other last two events of every user all prompts are the same bytes', async () => {
    const plain = remembering()
    await writeProfileTexts(question(), plain)
    const poisoned = remembering()
    await writeProfileTexts(question(SEQUENCES.map((sequence) => [...sequence.slice(0, -2), 12, 8])), poisoned)
    expect(promptsOf(poisoned)).toEqual(promptsOf(plain))
  })

  it('show the latest products of a part only', async () => {
    const chat = remembering()
    const asked = question([[...Array<number>(20).keys()].map((i) => [1, 3, 5, 12][i % 4]!)])
    await writeProfileTexts({ ...asked, partition: { ...asked.partition!, latest: 3 } }, chat)
    expect(chat.asked[0]!.values).toEqual({ products: ['title 12', 'title 1', 'title 3'] })
  })

  it('ask once about the whole history where it is not to be partitioned', async () => {
    const chat = remembering()
    const { partition, ...whole } = question()
    expect(partition).toBeDefined()
    const profiles = await writeProfileTexts(whole, chat)
    expect(chat.asked.map(({ template }) => template)).toEqual(Array(3).fill('profile-history/1'))
    expect(chat.asked[2]!.values).toEqual({ products: ['title 11', 'title 12', 'title 3', 'title 2', 'title 1'] })
    expect(profiles[1]).toEqual({ notes: [], profile: 'title 5' })
  })

  it('show the attributes that are asked for, cut to 100 characters', async () => {
    const chat = remembering()
    const asked = question(undefined, (id) => ({ title: `${id} ${'😀'.repeat(200)}`, categories: ['a', ' '], price: 3 }))
    await writeProfileTexts({ ...asked, attributes: { A: ['categories', 'price', 'brand'] } }, chat)
    expect(chat.asked[0]!.values).toEqual({ products: [{ categories: ['a'], price: 3 }, { categories: ['a'], price: 3 }] })
    expect(chat.asked[3]!.values['products']).toContain(`12 ${'😀'.repeat(97)}`)
  })

  it('leave out products of which nothing is known, and users who have no other', async () => {
    const chat = remembering()
    const profiles = await writeProfileTexts(question(undefined, (id) => id === 5 ? { title: ' ' } : { title: `title ${id}` }), chat)
    expect(profiles[1]).toEqual({ notes: [] })
    expect(chat.asked.some(({ user }) => user === 'u1')).toBe(false)
  })

  it('cut answers to 50 and 99 words, and go on without one that failed', async () => {
    const long = { value: { note: 'word '.repeat(300) } }
    const chat = remembering(({ user, template }) =>
      user === 'u0' ? long : template === 'profile-whole/1' ? { problem: 'refused' } : { problem: 'unusable' })
    const [first, second] = await writeProfileTexts(question(), chat)
    expect(first!.notes.map(({ note }) => note.split(' ').length)).toEqual([50, 50])
    expect(first!.profile!.split(' ')).toHaveLength(99)
    expect(second).toEqual({ notes: [] })
    expect(chat.asked).toHaveLength(6)
  })
})
