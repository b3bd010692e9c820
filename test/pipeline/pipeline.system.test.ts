import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript, TINY, writeTinyShop } from './tiny-shop.ts'
import type { Ended } from './tiny-shop.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipeline-'))
  writeTinyShop(join(folder, 'shop'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(TINY))
})
afterAll(() => { rmSync(folder, { recursive: true }) })

function run (work: string, { args = [], stopAt }: { args?: readonly string[], stopAt?: RegExp } = {}): Promise<Ended> {
  return runScript('pipeline', [
    '--data', join(folder, 'shop'), '--name', 'shop', '--epochs', '6', '--backend', 'wasm',
    '--config', join(folder, 'config.json'), '--work', join(folder, work),
    '--models', join(folder, `${work}-models`), ...args,
  ], stopAt)
}

const digestOf = (step: string, { stderr }: Ended): string | undefined =>
  new RegExp(`\\] ${step}: .*digest (\\w+)`).exec(stderr)?.[1]

describe('npm run pipeline', () => {
  let whole: Ended
  beforeAll(async () => { whole = await run('whole') })

  it('goes from raw logs to a bundle, and says how to serve it', () => {
    expect(whole.stderr).toMatch(/\[5\/5\] export: done in/)
    expect(whole.status).toBe(0)
    expect(whole.stdout).toMatch(/^To serve it: npm start -- --bundle \S+whole-models\/shop\n$/)
    const version = readFileSync(join(folder, 'whole-models/shop/CURRENT'), 'utf8').trim()
    expect(existsSync(join(folder, 'whole-models/shop', version, 'manifest.json'))).toBe(true)
  })

  it('skips every step when nothing has changed', async () => {
    const again = await run('whole')
    expect(again.stderr.match(/\]\s\w+: skipped, unchanged/g)).toHaveLength(5)
    expect(again.status).toBe(0)
  })

  it('starts with the first step that a setting changes', async () => {
    const changed = await run('whole', { args: ['--epochs', '1'] })
    expect([...changed.stderr.matchAll(/\] (\w+): (skipped|done)/g)].map(([, step, how]) => `${step} ${how}`)).toEqual([
      'prepare skipped', 'embed skipped', 'train done', 'evaluate done', 'export done',
    ])
  })

  it('profiles the users where the config file says how, trains with that, and says who wrote them', async () => {
    const config = join(folder, 'profiled.json')
    writeFileSync(config, JSON.stringify({ ...TINY, profile: { clusters: 4 } }))
    const profiled = await run('whole', { args: ['--config', config, '--epochs', '1'] })
    expect(profiled.stderr).toMatch(/\[3\/6\] profile: done in .*: profiles of 80 users by extractive/)
    expect(profiled.stderr).toMatch(/\[4\/6\] train: done in/)
    expect(profiled.status).toBe(0)
    const manifest = JSON.parse(readFileSync(join(folder, 'whole/run/manifest.json'), 'utf8')) as { input: { dir: string } }
    expect(manifest.input.dir).toMatch(/profiles$/)
  })

  it('stops at Ctrl-C and goes on to the same run and evaluation, to the bit', async () => {
    const stopped = await run('stopped', { stopAt: /epoch 2\/6 done/ })
    expect(stopped.stderr).toMatch(/train: stopped after .*\n.*interrupted/)
    expect(stopped.status).toBe(130)
    const resumed = await run('stopped')
    expect(resumed.stderr).toMatch(/goes on in epoch [23] after \d+ steps/)
    expect(resumed.status).toBe(0)
    for (const step of ['train', 'evaluate']) {
      expect(digestOf(step, resumed)).toMatch(/^[0-9a-f]{12}$/)
      expect(digestOf(step, resumed)).toBe(digestOf(step, whole))
    }
  })

  it('refuses settings of any step before the first one begins', async () => {
    const refused = await run('refused', { args: ['--k-core', 'five'] })
    expect(refused.status).toBe(78)
    expect(refused.stderr).toMatch(/^pipeline: config_invalid: kCore/)
    expect(existsSync(join(folder, 'refused'))).toBe(false)
  })

  it('refuses a name that leads out of the folder of bundles', async () => {
    const refused = await run('refused', { args: ['--name', '../elsewhere'] })
    expect(refused.status).toBe(78)
    expect(refused.stderr).toMatch(/^pipeline: config_invalid: name/)
  })
})
