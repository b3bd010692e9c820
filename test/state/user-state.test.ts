import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import { MAX_HISTORY } from '../../src/state/stores.ts'
import { checkUserState, compareEvents, type KeptEvent, mergeUserStates, type UserState } from '../../src/state/user-state.ts'

const random = createRandom(1, 'user-state')

/** States that overlap: few items, times and ids, so that all rules meet. */
function anyState (): UserState {
  const events = Array.from({ length: random.integer(12) }, (): KeptEvent => {
    const arrival = 1 + random.integer(8)
    const line = [`i${random.integer(3)}`, random.integer(4), arrival] as const
    const id = random.integer(5)
    const kind = random.integer(3)
    return kind === 0 ? line : kind === 1 ? [...line, ''] : [`i${id % 2}`, id % 3, arrival, `e${id}`, 'view']
  })
  const state = { erased: random.integer(3) === 0 ? random.integer(6) : 0, events }
  return mergeUserStates(state, { erased: 0, events: [] })
}

describe('merging two states of a user', () => {
  it('gives one result, whatever the order, the grouping and the repetition', () => {
    for (let i = 0; i < 2000; i++) {
      const [a, b, c] = [anyState(), anyState(), anyState()]
      const ab = mergeUserStates(a, b)
      expect(mergeUserStates(b, a)).toEqual(ab)
      expect(mergeUserStates(ab, a)).toEqual(ab)
      expect(mergeUserStates(ab, c)).toEqual(mergeUserStates(a, mergeUserStates(b, c)))
    }
  })

  it('keeps an event that two instances took once, and two events of one item and time twice', () => {
    const one: KeptEvent = ['a', 5, 101, 'e1', 'view']
    const state = mergeUserStates(
      { erased: 0, events: [['a', 5, 100, 'e1', 'view'], ['a', 5, 102, 'e2', 'view']] }, { erased: 0, events: [one] })
    expect(state.events).toEqual([one, ['a', 5, 102, 'e2', 'view']])
  })

  it('drops the line of a log that an event already tells of', () => {
    const posted: KeptEvent = ['a', 5, 100, 'e1', 'view']
    expect(mergeUserStates({ erased: 0, events: [['a', 5, 1], ['b', 6, 2]] }, { erased: 0, events: [posted] }).events)
      .toEqual([posted, ['b', 6, 2]])
  })

  it('forgets what arrived before an erasure, lines of logs too, and keeps what came later', () => {
    const state = { erased: 0, events: [['a', 5, 1], ['b', 6, 50, 'e1', 'view'], ['c', 1, 51, 'e2', 'view']] } as const
    expect(mergeUserStates(state, { erased: 50, events: [] })).toEqual({ erased: 50, events: [state.events[2]] })
  })

  it('keeps the latest and no more, in order', () => {
    const half = (first: number): UserState => ({
      erased: 0,
      events: Array.from({ length: MAX_HISTORY }, (_, i): KeptEvent => [`i${i}`, first + 2 * i, 9, `e${first + 2 * i}`, 'view']),
    })
    const { events } = mergeUserStates(half(0), half(1))
    expect([events.length, events[0]![1], events.at(-1)![1]]).toEqual([MAX_HISTORY, MAX_HISTORY, 2 * MAX_HISTORY - 1])
    expect(events.toSorted(compareEvents)).toEqual(events)
  })
})

describe('a state from elsewhere', () => {
  it('is taken where it is one', () => {
    const state: UserState = { erased: 3, events: [['a', 5, 9], ['b', 6, 9, ''], ['c', 7, 10, 'e', 'rate', 4.5]] }
    expect(checkUserState(JSON.parse(JSON.stringify(state)))).toEqual(state)
  })

  it.each([
    null, 5, 'x', [], {}, { erased: 0 }, { events: [] }, { erased: '0', events: [] }, { erased: 0, events: {} },
    { erased: 0.5, events: [] }, { erased: 0, events: [['a', 5]] }, { erased: 0, events: [['a', '5', 1]] },
    { erased: 0, events: [[1, 5, 1]] }, { erased: 0, events: [['a', 5, 1, 'e', 'view', 'x']] },
    { erased: 0, events: [['a', 5, 1, 'e', 'view', 1, 1]] },
    { erased: 0, events: Array.from({ length: MAX_HISTORY + 1 }, () => ['a', 5, 1]) },
  ])('is refused where it is %j', (value) => {
    expect(checkUserState(value)).toBeUndefined()
  })
})
