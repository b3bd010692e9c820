import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceConfig } from '../../src/config/service-config.ts'
import { openDataset } from '../../src/data/dataset-files.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'
import { refuseSetting } from '../../src/errors.ts'
import type { OnProgress } from '../../src/progress.ts'
import { startService } from '../../src/serve/server.ts'
import { askNewDomain, newDomain, type NewDomainFound } from './ask.ts'

export interface BenchNewDomain {
  /** An llm-recg bundle that does not have the domain. */
  readonly bundle: string
  /** Raw events and items. */
  readonly data: readonly string[]
  readonly domain: string
  /** Told of the users who were asked for. */
  readonly onProgress?: OnProgress
}

/** Serves a bundle, opens a domain of some data in it, and asks for what every user there did last. */
export async function benchNewDomain (
  { bundle, data, domain, onProgress }: BenchNewDomain
): Promise<NewDomainFound> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-new-domain-'))
  try {
    const out = join(folder, 'dataset')
    await prepare({ inputs: data, out, settings: prepareSettings({ kCore: 'none', ties: 'input' }) })
    const dataset = await openDataset(out)
    if (!dataset.domains.some(({ name }) => name === domain)) refuseSetting('domain', 'is none of the data\'s')
    const config = serviceConfig({}, {
      bundle,
      port: '0',
      'data-dir': join(folder, 'store'),
      'open-domains': '1',
      'log-level': 'error',
      'request-timeout-ms': '5000',
      'max-loop-delay-ms': '60000',
    })
    const service = await startService(config, process.env, { level: 'error', stream: process.stderr })
    try {
      if (service.domains.includes(domain)) refuseSetting('bundle', `has ${domain} already`)
      return await askNewDomain(service.address, newDomain(dataset, domain), onProgress)
    } finally {
      await service.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
