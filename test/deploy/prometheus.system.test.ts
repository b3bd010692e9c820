import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { newKey } from '../../src/config/api-keys.ts'
import { packageRoot } from '../../src/paths.ts'
import { type ServiceProcess, startProcess } from '../serve/process.ts'
import { type TinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts'
import { alertQueries, dashboardQueries, readDashboard, textOf } from './manifests.ts'

const present = spawnSync('prometheus', ['--version']).status === 0
if (!present && process.env.CI !== undefined) throw new Error('CI needs prometheus: apt-get install prometheus')

interface QueryAnswer {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: unknown[] }
}

// Without the program: apt-get install prometheus.
describe.skipIf(!present)('a real Prometheus', () => {
  let scratch: string
  let tiny: TinyBundle
  let service: ServiceProcess
  let prometheus: ChildProcess
  let address: string

  const query = async (expression: string): Promise<QueryAnswer> => {
    const url = `${address}/api/v1/query?query=${encodeURIComponent(expression)}`
    return await (await fetch(url)).json() as QueryAnswer
  }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'isthmus-prometheus-'))
    tiny = await writeTinyBundle()
    const reader = newKey('shop', 'read')
    const scraper = newKey('prometheus', 'metrics')
    await writeFile(join(scratch, 'metrics-key'), `${scraper.key}\n`)
    service = await startProcess(
      { DATA_DIR: join(scratch, 'data'), API_KEYS: `${reader.entry} ${scraper.entry}` }, ['--bundle', tiny.root])
    const response = await fetch(`${service.address}/recommend?domain=sport`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': reader.key }, body: '{}',
    })
    expect(response.status).toBe(200)

    // The committed configuration, but for where things are on this machine.
    const config = parse(textOf('deploy/prometheus/prometheus.yml')) as {
      global: object, rule_files: string[], scrape_configs: [{ authorization: object, static_configs: object[] }]
    }
    config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
    config.rule_files = [join(packageRoot, 'deploy/prometheus/alerts.yml')]
    config.scrape_configs[0].authorization = { credentials_file: join(scratch, 'metrics-key') }
    config.scrape_configs[0].static_configs = [{ targets: [new URL(service.address).host] }]
    await writeFile(join(scratch, 'prometheus.yml'), stringify(config))
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    prometheus = spawn('prometheus', [
      `--config.file=${join(scratch, 'prometheus.yml')}`, `--storage.tsdb.path=${join(scratch, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ], { stdio: 'ignore' })
    await scraped()
  })
  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      const ended = once(prometheus, 'exit')
      prometheus.kill()
      await ended
    }
    await service?.stop()
    await tiny.close()
    await rm(scratch, { recursive: true, force: true })
  })

  /** Until both have come up and the first scrape is in. */
  async function scraped (): Promise<void> {
    for (;;) {
      if (prometheus.exitCode !== null) throw new Error(`prometheus ended with ${prometheus.exitCode}`)
      const answer = await query('isthmus_recommendations_total').catch(() => undefined)
      if ((answer?.data?.result.length ?? 0) > 0) return
      await setTimeout(250)
    }
  }

  it('scrapes the service with a key that may read metrics and nothing else', async () => {
    expect((await query('up{job="isthmus"}')).data?.result).toMatchObject([{ value: [expect.any(Number), '1'] }])
    expect((await query('isthmus_model_info')).data?.result).toMatchObject([
      { metric: { name: 'tiny', version: tiny.manifest.version } },
    ])
  })

  it('can answer every query of the dashboard and of the alerts', async () => {
    for (const expression of [...dashboardQueries(readDashboard()), ...alertQueries()]) {
      const { status, error } = await query(expression)
      expect(`${status} ${error ?? ''}`, expression).toBe('success ')
    }
  })

  it('takes the configuration and the alerts as they are committed, and the alerts fire when they should', () => {
    const cwd = join(packageRoot, 'deploy/prometheus')
    expect(execFileSync('promtool', ['check', 'rules', 'alerts.yml'], { cwd, encoding: 'utf8' })).toContain('SUCCESS')
    execFileSync('promtool', ['check', 'config', '--syntax-only', 'prometheus.yml'], { cwd })
    execFileSync('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd })
  })
})

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
