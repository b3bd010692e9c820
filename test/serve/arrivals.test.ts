import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { watchArrivals } from '../../src/serve/arrivals.ts'

/** A connection that has been there for long. */
const old = new Socket()

/** A loop whose clock and turns the test moves. */
function openLoop () {
  let at = 0
  let idle = 0
  let turns = 0
  let cpu = 0
  let end = (): void => {}
  const arrivals = watchArrivals({
    now: () => at, idle: () => idle, turns: () => turns, cpu: () => cpu, cores: 2, afterTurn: (done) => { end = done },
  })
  return {
    arrivals,
    work (ms: number) { at += ms },
    sleep (ms: number) {
      at += ms
      idle += ms
    },
    burn (ms: number) { cpu += ms },
    nextTurn () {
      end()
      turns++
    },
  }
}

describe('the arrival of a request', () => {
  it('is when it is read, where the loop had slept till then', () => {
    const { arrivals, sleep, nextTurn } = openLoop()
    sleep(40)
    expect(arrivals.of(old)).toBe(40)
    nextTurn()
    sleep(1000)
    expect(arrivals.of(old)).toBe(1040)
  })

  it('is in the middle of the turn before, where the loop was busy with that', () => {
    const { arrivals, work, nextTurn } = openLoop()
    arrivals.of(old)
    work(60)
    nextTurn()
    expect(arrivals.of(old)).toBe(30)
    // The same for all that is read in one turn, however long reading it takes.
    work(25)
    expect(arrivals.of(old)).toBe(30)
    nextTurn()
    expect(arrivals.of(old)).toBe(72.5)
  })

  it('lies no further back than half a turn of the mean, where something else had kept the loop busy for many', () => {
    const { arrivals, work, nextTurn } = openLoop()
    for (let turn = 0; turn < 100; turn++) {
      work(10)
      nextTurn()
    }
    expect(arrivals.of(old)).toBe(995)
    for (let turn = 0; turn < 100; turn++) {
      nextTurn()
      work(20)
    }
    expect(arrivals.of(old)).toBe(2990)
  })

  it('is one turn earlier for what comes with its connection', () => {
    const { arrivals, work, nextTurn } = openLoop()
    const [fresh, waiting] = [new Socket(), new Socket()]
    arrivals.of(old)
    work(60)
    nextTurn()
    arrivals.accept(fresh)
    arrivals.accept(waiting)
    work(40)
    nextTurn()
    expect([arrivals.of(fresh), arrivals.of(old)]).toEqual([30, 80])
    // Its second request is like any other, and so is a first one that its sender waited with.
    expect(arrivals.of(fresh)).toBe(80)
    work(20)
    nextTurn()
    expect(arrivals.of(waiting)).toBe(110)
  })

  it('comes with how busy the loop was lately', () => {
    const { arrivals, work, sleep, nextTurn } = openLoop()
    for (let turn = 0; turn < 5; turn++) {
      arrivals.of(old)
      nextTurn()
      work(15)
      sleep(10)
    }
    expect(arrivals.load()).toBeCloseTo(0.6)
    work(200)
    nextTurn()
    expect(arrivals.load()).toBeGreaterThan(0.95)
    nextTurn()
    sleep(200)
    expect(arrivals.load()).toBe(0)
  })

  it('comes with how busy all cores of the process were, where a loop that waits for one looks idle', () => {
    const { arrivals, sleep, burn, nextTurn } = openLoop()
    arrivals.of(old)
    nextTurn()
    sleep(150)
    burn(270)
    expect(arrivals.load()).toBeCloseTo(0.9)
    nextTurn()
    sleep(150)
    burn(60)
    expect(arrivals.load()).toBeCloseTo(0.2)
  })

  it('comes with how long the turn before was', () => {
    const { arrivals, work, sleep, nextTurn } = openLoop()
    arrivals.of(old)
    sleep(20)
    work(30)
    nextTurn()
    expect(arrivals.turnMs()).toBe(30)
  })

  it('is known of a real loop: what came while it was busy waited', async () => {
    const arrivals = watchArrivals()
    const turn = async (): Promise<void> => { await new Promise((resolve) => setImmediate(resolve)) }
    arrivals.of(old)
    for (const end = performance.now() + 80; performance.now() < end;);
    await turn()
    await turn()
    const at = performance.now()
    expect(at - arrivals.of(old)).toBeGreaterThan(30)
  })
})
