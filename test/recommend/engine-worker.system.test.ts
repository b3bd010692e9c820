import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { engineClient } from '../../src/recommend/engine-client.ts'
import { startEngineThread } from '../../src/recommend/engine-thread.ts'
import { writeTinyBundle } from '../support/tiny-bundle.ts'
import { engineContract } from './engine.contract.ts'

engineContract('the engine in a worker thread', async (root) => await engineClient({ bundle: root, provider: 'cpu', chart: true }))

describe('an engine worker', () => {
  it('refuses a bundle that is not whole, with the code of its fault', async () => {
    const tiny = await writeTinyBundle()
    await appendFile(join(tiny.dir, 'vectors-sport.f32'), 'x')
    for (const given of [{}, { gently: true }, { gently: true, lowered: true, manifest: tiny.manifest }]) {
      await expect(engineClient({ bundle: tiny.dir, ...given }))
        .rejects.toMatchObject({ code: 'artefact_checksum_mismatch' })
    }
    await tiny.close()
  })

  it('answers the same however gently it was loaded, by a manifest that it was given or its own', async () => {
    const tiny = await writeTinyBundle()
    const job = { domain: 'sport', history: ['sport-1', 'sport-2'], k: 5, exclude: [], excludeSeen: true }
    const answers = []
    for (const given of [{}, { gently: true, manifest: tiny.manifest }, { gently: true, lowered: true }]) {
      const engine = await engineClient({ bundle: tiny.dir, provider: 'cpu', ...given })
      answers.push(await engine.recommend(job))
      await engine.close()
    }
    expect(answers[0]!.items).toHaveLength(5)
    for (const other of answers.slice(1)) expect(other).toEqual(answers[0])
    await tiny.close()
  })

  it('passes on what an operator should know of the load', async () => {
    const tiny = await writeTinyBundle()
    const said: string[] = []
    const engine = await engineClient({ bundle: tiny.root, provider: 'auto', log: (message) => said.push(message) })
    if (engine.status().provider === 'cuda') expect(said).toEqual([])
    else expect(said).toEqual([expect.stringMatching(/^CUDA is not in use, the CPU is: ./)])
    await engine.close()
    await tiny.close()
  })

  it('dies of a fault of its own with a cause', async () => {
    const tiny = await writeTinyBundle()
    const died = new Promise<unknown>((resolve, reject) => {
      startEngineThread({ bundle: tiny.root, provider: 'cpu' }, {
        onAnswers: () => {}, onLog: () => {}, onDeath: resolve,
      }).then(({ post }) => post(null as never), reject)
    })
    expect(await died).toBeInstanceOf(TypeError)
    await tiny.close()
  })

  it('ends when it is stopped, after what it was asked', async () => {
    const tiny = await writeTinyBundle()
    let answers = 0
    const thread = await startEngineThread({ bundle: tiny.root, provider: 'cpu' }, {
      onAnswers: () => { answers++ }, onLog: () => {}, onDeath: () => { throw new Error('not asked to') },
    })
    thread.post([{ kind: 'describe', itemId: 'sport-0001' }])
    await thread.stop()
    expect(answers).toBe(1)
    await tiny.close()
  })
})
