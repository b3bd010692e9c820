import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pointTo } from '../../../src/bundle/selection.ts'
import { IsthmusError } from '../../../src/errors.ts'
import { watchSelection } from '../../../src/serve/models/watch.ts'

const A = '20260101T000000Z-aaaaaaaa'
const B = '20260102T000000Z-bbbbbbbb'

let root: string
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'isthmus-watch-')) })
afterEach(async () => { await rm(root, { recursive: true, force: true }) })

/** Runs one step before each look, and says after which looks the selection was followed. */
async function watch (
  steps: ReadonlyArray<() => Promise<unknown>>, follow: (time: number) => Promise<void> = async () => {}
): Promise<number[]> {
  const stop = new AbortController()
  const followed: number[] = []
  let look = 0
  await watchSelection({
    root,
    everyMs: 1,
    mark: '- -',
    signal: stop.signal,
    life: {
      async follow () {
        followed.push(look)
        await follow(followed.length)
      },
    },
    async sleep () {
      const step = steps[look]
      if (step === undefined) {
        stop.abort()
        throw stop.signal.reason
      }
      look++
      await step()
    },
  })
  return followed
}

const nothing = async (): Promise<void> => {}
const refuse = async (): Promise<void> => { throw new IsthmusError('artefact_invalid', 'broken on purpose') }

describe('a watched selection', () => {
  it('is followed when it has been the same for one look, so that many moves are one', async () => {
    const moves = Array.from({ length: 10 }, (_, i) => async () => await pointTo(root, i % 2 === 0 ? A : B))
    expect(await watch([nothing, ...moves, nothing, nothing, nothing])).toEqual([12])
  })

  it('is not tried again when it was refused, until somebody writes it again', async () => {
    const again = [nothing, nothing, nothing]
    const steps = [
      async () => await pointTo(root, A), ...again,
      async () => await pointTo(root, B), async () => await pointTo(root, A), ...again,
    ]
    expect(await watch(steps, refuse)).toEqual([2, 7])
  })

  it('is looked at again while another change is under way', async () => {
    const busy = async (time: number): Promise<void> => {
      if (time < 3) throw new IsthmusError('reload_in_progress', 'busy')
    }
    expect(await watch([async () => await pointTo(root, A), ...Array(5).fill(nothing)], busy)).toEqual([2, 3, 4])
  })
})
