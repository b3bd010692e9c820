import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { files, type Golden, indexFiles } from '../bundle/layout.ts'
import { takesNewDomains } from '../bundle/domains.ts'
import type { BundleDomain, RetrievalFacts } from '../bundle/manifest.ts'
import { type Bundle, openBundle } from '../bundle/open.ts'
import { pointTo } from '../bundle/selection.ts'
import { writeBundle } from '../bundle/write.ts'
import type { BadRow } from '../data/bad-rows.ts'
import type { Item } from '../data/dataset.ts'
import { readItems } from '../data/read-items.ts'
import { affineLength, createItemProjector } from '../encode/item-projector.ts'
import { openUserEncoder } from '../encode/user-encoder.ts'
import { IsthmusError, refuseSetting } from '../errors.ts'
import { canonicalJson, sha256 } from '../files/hash.ts'
import { appendNumbers, writeNumbers } from '../files/write.ts'
import { itemText, nounOf, promptOf } from '../llm/item-prompt.ts'
import type { OnProgress } from '../progress.ts'
import { openEngine } from '../recommend/engine-core.ts'
import { findHnswDriver } from '../retrieve/hnsw-driver.ts'
import { type EmbedderChoice, openCached } from './embedder-choice.ts'
import { bundleItem } from './export/domain-rows.ts'
import {
  type AddedDomain, goldenFor, goldenHistories, readVectors, sampleHistories, userVectors
} from './export/added-domain.ts'
import { measuredIndex } from './export/approximate-index.ts'
import { orInterrupted } from './or-interrupted.ts'

export interface AddDomainStep {
  /** models/<name>, or one version below it. */
  readonly bundle: string
  /** Files of items, or folders that hold them. */
  readonly items: readonly string[]
  readonly maxBadShare: number
  /** The embedder of the bundle, by its id and width. */
  readonly embedderNamed: (embedder: { readonly id: string, readonly width: number }) => EmbedderChoice
  /** Where vectors are kept, so that a text is embedded once. */
  readonly cache: string
  readonly onBadRow?: (row: BadRow) => void
  readonly log?: (message: string) => void
  /** Told of the items whose texts are embedded. */
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** The version that was written, or found to be there already. */
export interface AddedDomains {
  readonly dir: string
  readonly version: string
  readonly domains: readonly BundleDomain[]
  readonly skipped: boolean
}

/**
 * Writes the next version of an llm-recg bundle, with domains that it had nothing of: their items' vectors, an index,
 * and golden answers, from texts alone; the encoder is the one that is there, and nothing is popular yet. It is
 * loaded and asked its golden answers before CURRENT names it. Nothing to do where CURRENT names one made of the same.
 * @throws domains_fixed, config_invalid (a domain that is there), item_in_two_domains, dataset_empty, those of
 * `openBundle`, of `readItems` and of the embedder
 */
export async function addDomain (step: AddDomainStep): Promise<AddedDomains> {
  const { bundle: path, log = () => {}, now } = step
  const bundle = await openBundle(path)
  const { manifest } = bundle
  if (!takesNewDomains(manifest)) {
    throw new IsthmusError('domains_fixed', `${manifest.system} answers for the domains that it was made with alone`, {
      place: { file: bundle.dir, field: 'system' },
    })
  }
  const items = await readItems({
    inputs: step.items,
    maxBadShare: step.maxBadShare,
    ...(step.onBadRow && { onBadRow: step.onBadRow }),
    ...(step.signal && { signal: step.signal }),
  })
  const digest = sha256(canonicalJson(items))
  const known = manifest.domains.filter(({ added }) => added === true)
  if (manifest.source === sourceOf(manifest.settings, digest)) {
    return { dir: bundle.dir, version: manifest.version, domains: known, skipped: true }
  }
  const named = await namesIn(bundle)
  const groups = groupItems(items, manifest.domains.map(({ name }) => name), named)
  const added = await embedGroups(bundle, groups, step)

  const root = dirname(bundle.dir)
  const written = await writeBundle(root, async (dir) => {
    for (const { path } of manifest.files) {
      await mkdir(dirname(join(dir, path)), { recursive: true })
      await cp(join(bundle.dir, path), join(dir, path))
    }
    const retrieval = await writeDomains(dir, bundle, added, log)
    const { format: _format, version: _version, created: _created, files: _files, ...facts } = manifest
    return {
      ...facts,
      source: sourceOf(manifest.settings, digest),
      domains: [...manifest.domains, ...added.map(({ domain }) => domain)],
      retrieval: { ...manifest.retrieval, ...retrieval },
    }
  }, { activate: false, ...(now && { now }) })
  try {
    const engine = await openEngine(await openBundle(written.dir), { provider: 'cpu' })
    await engine.close()
  } catch (error) {
    await rm(written.dir, { recursive: true, force: true })
    throw error
  }
  await pointTo(root, basename(written.dir))
  return {
    dir: written.dir, version: written.manifest.version, domains: added.map(({ domain }) => domain), skipped: false,
  }
}

/** Of the training that the bundle comes from, and of the items: not of the version, which each call makes anew. */
function sourceOf (settings: unknown, items: string): string {
  return sha256(canonicalJson({ addDomain: 1, settings, items }))
}

/** Every item id of a bundle, and the domain that it is in. */
async function namesIn (bundle: Bundle): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const { name } of bundle.manifest.domains) {
    for (const line of (await bundle.readText(files.items(name))).split('\n')) {
      if (line !== '') names.set((JSON.parse(line) as { itemId: string }).itemId, name)
    }
  }
  return names
}

function groupItems (
  items: readonly Item[], there: readonly string[], named: ReadonlyMap<string, string>
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const { itemId, domain } = item
    if (there.includes(domain)) refuseSetting('domain', `${domain} is in the bundle already; post its new items instead`)
    const other = named.get(itemId)
    if (other !== undefined) {
      throw new IsthmusError('item_in_two_domains', `item ${itemId} is in ${other} already`, { place: { field: 'item_id' } })
    }
    groups.set(domain, [...groups.get(domain) ?? [], item])
  }
  if (groups.size === 0) throw new IsthmusError('dataset_empty', 'there is no item to add')
  for (const group of groups.values()) group.sort((a, b) => a.itemId < b.itemId ? -1 : 1)
  return groups
}

async function embedGroups (
  { manifest, readFloats }: Bundle, groups: ReadonlyMap<string, readonly Item[]>, step: AddDomainStep
): Promise<AddedDomain[]> {
  const { encoder, embedder } = manifest
  const choice = step.embedderNamed(embedder)
  const map = { inWidth: embedder.width, outWidth: encoder.globalWidth }
  const values = await readFloats(files.itemMap, affineLength(map.inWidth, map.outWidth))
  const projector = createItemProjector({ ...map, values }, undefined, encoder.itemNorm)
  const prompt = promptOf(manifest)
  const opened = await openCached(choice, step.cache)
  const total = [...groups.values()].reduce((sum, { length }) => sum + length, 0)
  return await orInterrupted('embedding', step.signal, async () => {
    const added: AddedDomain[] = []
    let before = 0
    for (const [name, items] of groups) {
      const texts = items.map((item) => itemText(prompt, name, item).text)
      const from = before
      const raw = await opened.embed(texts, {
        ...(step.signal && { signal: step.signal }),
        onProgress: (done) => step.onProgress?.(from + done, total, name),
      })
      before += items.length
      const vectors = new Float32Array(items.length * projector.width)
      const rows = items.map((_, i) => raw.subarray(i * embedder.width, (i + 1) * embedder.width))
      for (const [i, vector] of projector.projectAll(rows).entries()) vectors.set(vector, i * projector.width)
      added.push({
        domain: { name, noun: nounOf(prompt, name), items: items.length, added: true },
        items: items.map(bundleItem),
        raw,
        vectors,
      })
    }
    return added
  }).finally(async () => await opened.close())
}

async function writeDomains (
  dir: string, bundle: Bundle, added: readonly AddedDomain[], log: (message: string) => void
): Promise<Record<string, RetrievalFacts>> {
  const { encoder: facts, domains } = bundle.manifest
  const width = facts.userWidth
  const like = files.encoder(domains[0]!.name)
  const graph = await bundle.read(like)
  const encoder = await openUserEncoder(graph, facts, { provider: 'cpu', file: like })
  try {
    const driver = await findHnswDriver()
    const vectors = await readVectors(bundle)
    // Real users, by whom an index is judged.
    const queries = await userVectors(encoder, facts, vectors, (await sampleHistories(bundle)).map(({ events }) =>
      events.map(([itemId]) => itemId)))
    if (driver === undefined || queries.length === 0) {
      log(`no HNSW index is written: ${driver === undefined ? 'hnswlib-node is not there' : 'the bundle has no histories'}`)
    }
    const retrieval: Record<string, RetrievalFacts> = {}
    // The bundle was verified, and the engine has read these answers before.
    const golden = JSON.parse(await bundle.readText(files.golden)) as Golden
    const asked = goldenHistories(golden)
    const users = await userVectors(encoder, facts, vectors, asked)
    const cases = [...golden.cases]
    for (const one of added) {
      const { name } = one.domain
      await writeFile(join(dir, files.encoder(name)), graph)
      await writeNumbers(join(dir, files.vectors(name)), one.vectors)
      await writeFile(join(dir, files.items(name)), one.items.map((item) => `${JSON.stringify(item)}\n`).join(''))
      await writeFile(join(dir, files.popularity(name)), `${JSON.stringify({ halfLifeDays: 180, items: [] })}\n`)
      await appendNumbers(join(dir, files.texts), one.raw)
      cases.push(...goldenFor(one, asked, users))
      if (driver === undefined || queries.length === 0) continue
      const index = await measuredIndex(driver, one.vectors, queries, width)
      for (const [i, path] of indexFiles(name, index.shards.length).entries()) {
        await writeFile(join(dir, path), index.shards[i]!)
      }
      retrieval[name] = index.facts
    }
    await writeFile(join(dir, files.golden), `${JSON.stringify({ ...golden, cases })}\n`)
    return retrieval
  } finally {
    await encoder.close()
  }
}
