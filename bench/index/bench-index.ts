import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { openBundle } from '../../src/bundle/open.ts'
import type { OnProgress } from '../../src/progress.ts'
import { shardsFor } from '../../src/retrieve/shards.ts'
import { startChild } from '../child.ts'
import type { IndexFigures, IndexQuestion, IndexResults } from './figures.ts'
import { measureService } from './measure-service.ts'
import { indexPicture, indexReport } from './report.ts'
import { writeWideBundle } from './wide-bundle.ts'

export interface BenchIndexOptions {
  readonly bundle: string
  /** Default: the bundle's first. */
  readonly domain?: string
  readonly sizes: readonly number[]
  readonly users: number
  /** Default: as an export would choose. */
  readonly shards?: number
  /** Where the page and, beside it, its figures go; sizes that are not run now keep theirs of the same bundle. */
  readonly out: string
  /** Told after each part of a size. */
  readonly onProgress?: OnProgress
}

/** Measures index and service at each size; writes the page after each, so that a stopped run leaves what it has. */
export async function benchIndex (options: BenchIndexOptions): Promise<IndexResults> {
  const { sizes, users, out, onProgress } = options
  const bundle = await openBundle(options.bundle)
  const { name, version, domains, encoder, generated } = bundle.manifest
  const domain = options.domain ?? domains[0]!.name
  const called = `${name}/${version}${generated === true ? ' (generated)' : ''}`
  const known = await readResults(figuresOf(out))
  let results: IndexResults = {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
    when: new Date().toISOString().slice(0, 10),
    bundle: called,
    domain,
    loadAverage: loadavg()[0]!,
    indexes: known?.bundle === called && known.domain === domain ? known.indexes : [],
    services: known?.bundle === called && known.domain === domain ? known.services : [],
  }
  let parts = 0
  for (const rows of sizes) {
    const finished = (what: string): void => onProgress?.(++parts, 3 * sizes.length, `${what} of ${rows} items`)
    const work = join(tmpdir(), `isthmus-bench-index-${process.pid}`, String(rows))
    const ask: IndexQuestion = {
      bundle: bundle.dir,
      domain,
      rows,
      users,
      skewed: false,
      work,
      shards: options.shards ?? shardsFor(rows, encoder.userWidth),
    }
    try {
      const unit = await inChild(ask)
      finished('index')
      const wide = await writeWideBundle(bundle.dir, domain, unit, work, join(work, `wide-${rows}`))
      const service = await measureService(wide)
      await rm(join(work, `wide-${rows}`), { recursive: true })
      finished('service')
      const skewed = await inChild({ ...ask, skewed: true })
      finished('index with lengths that differ,')
      results = {
        ...results,
        indexes: [...results.indexes.filter((one) => one.rows !== rows), unit, skewed].sort((a, b) => a.rows - b.rows),
        services: [...results.services.filter((one) => one.rows !== rows), service].sort((a, b) => a.rows - b.rows),
      }
      await mkdir(dirname(out), { recursive: true })
      await writeFile(figuresOf(out), `${JSON.stringify(results, undefined, 1)}\n`)
      const picture = indexPicture(results)
      const drawn = out.replace(/(\.md)?$/, '.svg')
      if (picture !== undefined) await writeFile(drawn, picture)
      await writeFile(out, indexReport(results, picture === undefined ? undefined : basename(drawn)))
    } finally {
      await rm(dirname(work), { recursive: true, force: true })
    }
  }
  return results
}

async function inChild (question: IndexQuestion): Promise<IndexFigures> {
  const child = startChild<IndexQuestion, IndexFigures>('bench/index/index-process.ts')
  try {
    return await child.ask(question)
  } finally {
    await child.stop()
  }
}

function figuresOf (page: string): string {
  return join(dirname(page), `${basename(page, '.md')}.json`)
}

async function readResults (path: string): Promise<IndexResults | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as IndexResults
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
