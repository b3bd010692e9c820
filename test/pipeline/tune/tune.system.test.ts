import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tuning } from '../../../src/pipeline/tune/tuning-file.ts'
import { runScript, TINY, writeTinyShop } from '../tiny-shop.ts'
import type { Ended } from '../tiny-shop.ts'

let folder: string
const out = (): string => join(folder, 'tuning', 'shop.json')
const run = (args: readonly string[], stopAt?: RegExp): Promise<Ended> => runScript('tune', [
  '--data', join(folder, 'shop'), '--epochs', '2', '--backend', 'wasm', '--jobs', '2', '--systems', 'llm4cdsr,gru4rec',
  '--config', join(folder, 'config.json'), '--work', join(folder, 'work'), '--out', out(), ...args,
], stopAt)
const tuning = (): Tuning => JSON.parse(readFileSync(out(), 'utf8')) as Tuning

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tune-'))
  writeTinyShop(join(folder, 'shop'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(TINY))
})
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('npm run tune', () => {
  it('can be stopped while it trains, and writes nothing then', async () => {
    const stopped = await run(['--configurations', '4'], /trainings \d/)
    expect(stopped.status).toBe(130)
    expect(stopped.stderr).toMatch(/interrupted: stopped with \d+ trainings left/)
    expect(() => tuning()).toThrow('ENOENT')
  })

  it('goes on from there, writes down all that it tried, and chooses the best of those trained to their end', async () => {
    const ended = await run(['--configurations', '4'])
    expect(ended.status).toBe(0)
    for (const name of ['llm4cdsr', 'gru4rec']) {
      const { chosen, configurations } = tuning().contestants[name]!
      expect(configurations.map(({ number }) => number)).toEqual([0, 1, 2, 3])
      expect(configurations.every(({ first }) => first !== undefined)).toBe(true)
      const finished = configurations.filter(({ full }) => full !== undefined)
      expect(finished.length).toBeGreaterThanOrEqual(1)
      expect(finished.length).toBeLessThan(4)
      const best = Math.max(...finished.map(({ full }) => full!.validationNdcg10))
      expect(configurations[chosen!]!.full!.validationNdcg10).toBe(best)
    }
    expect(readFileSync(out().replace('.json', '.md'), 'utf8')).toContain('## llm4cdsr\n\nChosen: **')
  })

  it('trains only what is new where the search is widened, and forgets no configuration', async () => {
    const before = tuning()
    const wider = await run(['--configurations', '5'])
    expect(wider.stderr).toContain('10 trainings, 8 of them done already; 2 at a time')
    const after = tuning().contestants['gru4rec']!.configurations
    expect(after).toHaveLength(5)
    for (const { number, first } of before.contestants['gru4rec']!.configurations) {
      expect(after[number]!.first).toEqual(first)
    }
    await run(['--configurations', '1'])
    expect(tuning().contestants['gru4rec']!.configurations).toHaveLength(5)
  })

  it('stops in time, says what is left, and is refused where its file was made on other data', async () => {
    const late = await run(['--configurations', '6', '--hours', '0.00001'])
    expect(late.status).toBe(0)
    expect(late.stdout).toMatch(/[1-9]\d* trainings are left/)
    writeFileSync(out(), JSON.stringify({ ...tuning(), embeddings: '0'.repeat(64) }))
    const refused = await run(['--configurations', '1'])
    expect(refused.status).toBe(78)
    expect(refused.stderr).toContain('was tuned on other data')
  })

  it('says what --systems may be', async () => {
    const refused = await run(['--systems', 'gru5rec'])
    expect(refused.status).toBe(78)
    expect(refused.stderr).toContain('systems is a list of gru4rec, bert4rec')
  })
})
