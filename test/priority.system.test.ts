import { readdir, readFile } from 'node:fs/promises'
import { constants, getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { compiled } from '../src/paths.ts'
import { canRaise } from '../src/priority.ts'
import type { EngineWorkerData } from '../src/recommend/engine-protocol.ts'
import { startEngineThread } from '../src/recommend/engine-thread.ts'
import { writeTinyBundle } from './support/tiny-bundle.ts'

const raisable = await canRaise()
const LOW = constants.priority.PRIORITY_BELOW_NORMAL

/** How many threads of this process have a low priority. */
async function low (): Promise<number> {
  const nice = await Promise.all((await readdir('/proc/self/task')).map(async (thread) => {
    const stat = await readFile(`/proc/self/task/${thread}/stat`, 'utf8').catch(() => '')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  }))
  return nice.filter((one) => one === LOW).length
}

/** What a thread of its own says after it did `code`, which may import our modules by `load`. */
async function inThread (code: string): Promise<unknown> {
  const worker = new Worker(`
    const { parentPort } = require('node:worker_threads')
    const load = async (module) => await import('${compiled('')}/' + module)
    const run = async () => { ${code} }
    run().then((said) => parentPort.postMessage(said), (error) => { throw error })`, { eval: true })
  return await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}

// Elsewhere all threads of a process share one priority, and where none can be raised again none is lowered.
describe.runIf(process.platform === 'linux')('the priority of a thread', () => {
  it('is lowered for it alone', async () => {
    expect(await inThread(`
      const { lowerThread } = await load('src/priority.js')
      lowerThread()
      return require('node:os').getPriority(0)`)).toBe(LOW)
    expect(getPriority()).toBe(0)
  })

  it('is raised again where that was found to be allowed', async () => {
    expect(await inThread(`
      const { lowerThread, raiseThread } = await load('src/priority.js')
      lowerThread()
      try { raiseThread() } catch {}
      return require('node:os').getPriority(0) === 0`)).toBe(raisable)
  })

  it('is low while an engine loads, and until it is promoted', async () => {
    const tiny = await writeTinyBundle()
    const start = async (how: Pick<EngineWorkerData, 'lowered'>): ReturnType<typeof startEngineThread> =>
      await startEngineThread({ bundle: tiny.root, provider: 'cpu', ...how }, {
        onAnswers: () => {}, onLog: () => {}, onDeath: () => {},
      })
    // As in a service another engine was first: ONNX Runtime starts a thread with the first session of a process.
    const lead = await start({})
    const before = await low()
    const thread = await start({ lowered: true })
    expect(await low()).toBe(before + 1)
    if (raisable) {
      thread.promote()
      await expect.poll(low).toBe(before)
    }
    await thread.stop()
    await lead.stop()
    await tiny.close()
  })

  it.runIf(raisable)('is that of the process in an index, even one that a lowered engine opens', async () => {
    expect(await inThread(`
      const { lowerThread } = await load('src/priority.js')
      const { openHnswIndex } = await load('src/retrieve/hnsw.js')
      const { buildHnsw } = await load('src/retrieve/hnsw-build.js')
      const { findHnswDriver } = await load('src/retrieve/hnsw-driver.js')
      const { readdirSync, readFileSync } = require('node:fs')
      const base = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i))
      lowerThread()
      const file = await buildHnsw(base, 4, await findHnswDriver())
      const threads = readdirSync('/proc/self/task')
      const index = await openHnswIndex({ shards: [async () => file], base, width: 4, efSearch: 10 })
      const nice = readdirSync('/proc/self/task').filter((one) => !threads.includes(one)).map((one) => {
        const stat = readFileSync('/proc/self/task/' + one + '/stat', 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
      })
      await index.close()
      return nice`)).toEqual([0])
  })
})
