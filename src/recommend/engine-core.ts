import { files } from '../bundle/layout.ts'
import { isDomainName, takesNewDomains } from '../bundle/domains.ts'
import type { Bundle } from '../bundle/open.ts'
import { latest } from '../data/window.ts'
import { affineLength, applyAffine, toUnit } from '../encode/item-projector.ts'
import type { ProviderChoice } from '../encode/ort.ts'
import { hasLocalThread, type WindowItem } from '../encode/user-encoder.ts'
import { IsthmusError } from '../errors.ts'
import type { ClusterSettings } from '../retrieve/cluster.ts'
import type { OpenIndexOptions, RetrievalChoice } from '../retrieve/open-index.ts'
import { type CatalogueItem, type DomainCatalogue, emptyCatalogue, openCatalogue, type Place } from './catalogue.ts'
import { type Chart, drawChart } from './chart.ts'
import type {
  Engine, EngineAbout, EngineItem, EngineItemView, RankedItem, RecommendJob, RecommendResult, SimilarJob
} from './engine.ts'
import { explain, type Explainable } from './explain.ts'
import { checkGolden } from './golden.ts'
import { filterRows } from './item-filter.ts'
import type { Pause } from './pauses.ts'
import { popularHits, rank } from './rank.ts'
import { searchTitles } from './search.ts'
import { nearestByGlobalHalf } from './similar.ts'
import { createUserCache } from './user-cache.ts'

export interface OpenEngineOptions {
  readonly provider?: ProviderChoice
  readonly retrieval?: RetrievalChoice
  /** Needed for `cluster`. */
  readonly cluster?: ClusterSettings
  /** User vectors that are kept for histories that come again; 0: none. */
  readonly userCache?: number
  /** Whether items can be asked for by their place on a chart; its axes are fitted at load. */
  readonly chart?: boolean
  /** Awaited between the parts of the load. */
  readonly pause?: Pause
  /** Told once at load what an operator should know, e.g. why an index is not used. */
  readonly log?: (message: string) => void
}

/** The result of one job of a batch: a failed one does not take the others with it. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown }

export interface EngineCore extends Engine {
  /** One encoder run and one search for each domain asked for. */
  recommendBatch: (jobs: readonly RecommendJob[]) => Promise<Array<Settled<RecommendResult>>>
}

/**
 * Loads a verified bundle and answers from it, in the thread that calls. Checks its golden answers first.
 *
 * What an answer rests on: the history if any of its items is known; else the given text, whose vector is
 * [profile map of the text ; 0] at the length of users' global halves; where the bundle has no such map that of items
 * does it, as both texts live in one space, at unit length; else popularity.
 */
export async function openEngine (
  bundle: Bundle,
  {
    provider = 'auto', retrieval = 'auto', cluster, userCache = 0, chart: wantsChart = false, pause = async () => {},
    log = () => {},
  }: OpenEngineOptions = {}
): Promise<EngineCore> {
  const { manifest } = bundle
  const { encoder: facts, embedder } = manifest
  const width = facts.globalWidth + facts.localWidth
  if (facts.userWidth !== width) {
    throw new IsthmusError('artefact_invalid', 'user and item vectors of the bundle have different widths', {
      place: { file: bundle.dir, field: 'encoder' },
    })
  }
  const itemMap = {
    inWidth: embedder.width,
    outWidth: facts.globalWidth,
    values: await bundle.readFloats(files.itemMap, affineLength(embedder.width, facts.globalWidth)),
  }
  const textMap = bundle.has(files.profileMap)
    ? { ...itemMap, values: await bundle.readFloats(files.profileMap, itemMap.values.length) }
    : itemMap
  const own = new Set(manifest.domains.map(({ name }) => name))
  const opensDomains = takesNewDomains(manifest)
  const domains = new Map<string, DomainCatalogue>()
  const places = new Map<string, Place>()
  const cache = createUserCache(userCache)
  const about: EngineAbout = {
    system: manifest.system,
    generated: manifest.generated === true,
    threads: hasLocalThread(facts) ? ['global', 'local'] : ['global'],
  }
  let chart: Chart | undefined
  const close = async (): Promise<void> => {
    for (const { encoder, index } of domains.values()) {
      await encoder.close()
      await index.close()
    }
    domains.clear()
    places.clear()
    cache.clear()
  }
  const engine = createEngine()
  try {
    for (const described of manifest.domains) {
      const rowOf = (itemId: string): number | undefined => {
        const place = places.get(itemId)
        return place?.domain.name === described.name ? place.row : undefined
      }
      const choice: OpenIndexOptions = { choice: retrieval, provider, log, ...(cluster && { cluster }) }
      const domain = await openCatalogue(bundle, described, itemMap, rowOf, { ...choice, pause })
      domains.set(domain.name, domain)
      for (const [row, { itemId }] of domain.items.entries()) {
        if (places.has(itemId)) throw twice(itemId, files.items(domain.name))
        places.set(itemId, { domain, row })
      }
      await pause()
    }
    const fallback = [...domains.values()].find(({ encoder }) => encoder.fallback !== undefined)?.encoder.fallback
    if (fallback !== undefined) log(`CUDA is not in use, the CPU is: ${fallback}`)
    await checkGolden(bundle, engine)
    await pause()
    if (wantsChart) chart = drawChart([...domains.values()], facts.globalWidth)
  } catch (error) {
    await close()
    throw error
  }
  return engine

  function createEngine (): EngineCore {
    return {
      model: { name: manifest.name, version: manifest.version },
      get domains () { return [...domains.keys()] },
      get openedDomains () { return [...domains.keys()].filter((name) => !own.has(name)) },
      opensDomains,
      about,
      embedder,
      async recommend (job) {
        const [settled] = await recommendBatch([job])
        if (settled === undefined || 'error' in settled) throw settled?.error
        return settled.value
      },
      recommendBatch,
      similar: async (job) => similar(job),
      openDomain,
      async search (job) {
        const domain = domains.get(job.domain)
        if (domain === undefined) throw unknownDomain()
        return searchTitles(domain, job)
      },
      async chart (itemIds) {
        if (chart === undefined) return undefined
        const { share, place, all } = chart
        const named = itemIds?.flatMap((itemId) => places.get(itemId) ?? []).map(place)
        return { share, points: named ?? all([...domains.values()]) }
      },
      putItems: async (items) => putItems(items),
      async removeItem (itemId) {
        const place = places.get(itemId)
        if (place === undefined) return false
        place.domain.index.remove(place.row)
        return places.delete(itemId)
      },
      async describe (itemId) {
        const place = places.get(itemId)
        return place === undefined ? undefined : view(place.domain.items[place.row]!, place.domain.name)
      },
      status: () => ({
        provider: [...domains.values()].some(({ encoder }) => encoder.provider === 'cuda') ? 'cuda' : 'cpu',
        retrieval: Object.fromEntries([...domains].map(([name, { index }]) => [name, index.kind])),
        searched: Object.fromEntries([...domains].flatMap(([name, { index }]) =>
          index.searched === undefined ? [] : [[name, index.searched]])),
        items: Object.fromEntries([...domains].map(([name, { index }]) => [name, index.size])),
        tail: Object.fromEntries([...domains].map(([name, { index }]) => [name, index.tail])),
        queueDepth: 0,
        waitMs: 0,
        busyMs: 0,
      }),
      close,
    }
  }

  async function recommendBatch (jobs: readonly RecommendJob[]): Promise<Array<Settled<RecommendResult>>> {
    const answers = new Array<Settled<RecommendResult>>(jobs.length)
    for (const name of new Set(jobs.map((job) => job.domain))) {
      const group = [...jobs.keys()].filter((j) => jobs[j]!.domain === name)
      const settled = await recommendIn(domains.get(name), group.map((j) => jobs[j]!))
      for (const [i, j] of group.entries()) answers[j] = settled[i]!
    }
    return answers
  }

  /** One bad job (a vector that turns out not finite) must not fail its neighbours: on an error each runs alone. */
  async function recommendIn (
    domain: DomainCatalogue | undefined, jobs: readonly RecommendJob[]
  ): Promise<Array<Settled<RecommendResult>>> {
    if (domain === undefined) return jobs.map(() => ({ error: unknownDomain() }))
    try {
      return (await answer(domain, jobs)).map((value) => ({ value }))
    } catch (error) {
      if (jobs.length === 1) return [{ error }]
      const settled: Array<Settled<RecommendResult>> = []
      for (const job of jobs) settled.push(...await recommendIn(domain, [job]))
      return settled
    }
  }

  async function answer (domain: DomainCatalogue, jobs: readonly RecommendJob[]): Promise<RecommendResult[]> {
    const begun = performance.now()
    const histories = jobs.map((job) => {
      const known = job.history.flatMap((itemId) => places.get(itemId) ?? [])
      return { window: latest(known, facts.windowLength), unknown: job.history.length - known.length }
    })
    const basis = jobs.map((job, j): RecommendResult['basis'] =>
      histories[j]!.window.length > 0 ? 'history' : job.text !== undefined ? 'text' : 'popular')

    const encoded = [...basis.keys()].filter((j) => basis[j] === 'history')
    const searched = [...basis.keys()].filter((j) => basis[j] !== 'popular')
    const users = new Float32Array(searched.length * width)
    const vectors = await userVectors(domain, encoded.map((j) => histories[j]!.window))
    for (const [i, j] of encoded.entries()) users.set(vectors[i]!, searched.indexOf(j) * width)
    for (const [i, j] of searched.entries()) if (basis[j] === 'text') users.set(textVector(jobs[j]!.text!), i * width)

    const encodedAt = performance.now()
    const hidden = jobs.map((job) => hiddenRows(job, domain))
    let complete = true
    const found = await domain.index.search(users, searched.map((j) => {
      const allowed = filterRows(domain.items, jobs[j]!.filter)
      return { k: jobs[j]!.k, excluded: hidden[j]!, ...(allowed === undefined ? {} : { allowed }) }
    }), () => { complete = false })
    const foundAt = performance.now()
    const ranked = jobs.map((job, j) =>
      rank(domain, basis[j] === 'popular' ? popularHits(domain, job, hidden[j]!, places) : found[searched.indexOf(j)]!))
    const asked = [...jobs.keys()].filter((j) => jobs[j]!.explain === true)
    const explained = await explainIn(domain, asked.map((j) => {
      const at = searched.indexOf(j)
      const user = at === -1 ? undefined : users.subarray(at * width, (at + 1) * width)
      return { user, window: histories[j]!.window, items: ranked[j]! }
    }))
    const timing = { encode: encodedAt - begun, retrieve: foundAt - encodedAt, rank: performance.now() - foundAt }
    return jobs.map((job, j) => ({
      basis: basis[j]!,
      historyUsed: histories[j]!.window.length,
      historyUnknown: histories[j]!.unknown,
      items: ranked[j]!,
      ...(complete || basis[j] === 'popular' ? {} : { degradedReasons: ['index_incomplete'] as const }),
      ...explained[asked.indexOf(j)],
      ...(job.timed === true ? { timing } : {}),
    }))
  }

  /** One encoder run for those that are not known. */
  async function userVectors (
    domain: DomainCatalogue, windows: ReadonlyArray<readonly Place[]>
  ): Promise<Float32Array[]> {
    const keys = windows.map((window) =>
      `${domain.name} ${window.map((place) => `${place.domain.name}:${place.row}`).join(' ')}`)
    const vectors = keys.map(cache.get)
    const missing = [...keys.keys()].filter((i) => vectors[i] === undefined)
    if (missing.length === 0) return vectors as Float32Array[]
    const encoded = await domain.encoder.encode(missing.map((i) => toWindow(windows[i]!, domain)))
    for (const [n, i] of missing.entries()) {
      const vector = encoded.subarray(n * width, (n + 1) * width)
      vectors[i] = vector
      cache.put(keys[i]!, vector)
    }
    return vectors as Float32Array[]
  }

  async function explainIn (domain: DomainCatalogue, answers: readonly Explainable[]): ReturnType<typeof explain> {
    return await explain(answers, {
      domain,
      globalWidth: facts.globalWidth,
      localWidth: facts.localWidth,
      threads: about.threads,
      encode: async (windows) => await domain.encoder.encode(windows.map((window) => toWindow(window, domain))),
      encodeGlobal: async (windows) => await domain.encoder.encode(windows.map((window) =>
        toWindow(window, domain).map(({ vector }) => ({ vector, own: false })))),
      placeOf: (itemId) => places.get(itemId)!,
    })
  }

  function toWindow (window: readonly Place[], domain: DomainCatalogue): WindowItem[] {
    return window.map((place) => ({
      vector: place.domain.index.vectors.vector(place.row), own: place.domain === domain,
    }))
  }

  function textVector (text: Float32Array): Float32Array {
    checkEmbedding(text, 'text')
    const vector = new Float32Array(width)
    applyAffine(textMap, text, vector.subarray(0, facts.globalWidth))
    const length = manifest.userText?.norm ?? 1
    return toUnit(vector).map((value) => value * length)
  }

  /** Rows of the domain that must not be answered. */
  function hiddenRows (job: RecommendJob, domain: DomainCatalogue): Set<number> {
    const rows = new Set<number>()
    for (const itemId of [...job.exclude, ...(job.excludeSeen ? [...job.history, ...(job.seen ?? [])] : [])]) {
      const place = places.get(itemId)
      if (place?.domain === domain) rows.add(place.row)
    }
    return rows
  }

  function similar ({ itemId, domain: name, k }: SimilarJob): RankedItem[] | undefined {
    const place = places.get(itemId)
    if (place === undefined) return undefined
    const domain = name === undefined ? place.domain : domains.get(name)
    if (domain === undefined) throw unknownDomain()
    return rank(domain, nearestByGlobalHalf(place, domain, facts.globalWidth, k))
  }

  async function openDomain (name: string): Promise<void> {
    if (domains.has(name)) return
    if (!opensDomains) throw new IsthmusError('domains_fixed', 'the model answers for its own domains alone', DOMAIN_FIELD)
    if (!isDomainName(name)) throw new IsthmusError('validation_failed', 'no name of a domain', DOMAIN_FIELD)
    const [like] = domains.values()
    const opened = await emptyCatalogue(name, like!, provider)
    // Opened twice at once, the first one is it.
    if (domains.has(name)) await opened.index.close()
    else domains.set(name, opened)
  }

  /** All or none: everything that can be wrong with an item is found before the first one is written. */
  function putItems (items: readonly EngineItem[]): void {
    const given = new Map<string, DomainCatalogue>()
    for (const item of items) {
      const domain = domains.get(item.domain)
      if (domain === undefined) throw unknownDomain()
      const known = places.get(item.itemId)?.domain ?? given.get(item.itemId) ?? domain
      given.set(item.itemId, domain)
      if (known !== domain) {
        throw new IsthmusError('conflict', 'the item is in another domain', { place: { field: 'itemId' } })
      }
      checkEmbedding(item.embedding, 'embedding')
    }
    const projected = [...new Set(given.values())].flatMap((domain) => {
      const own = items.filter((item) => item.domain === domain.name)
      const vectors = domain.projector.projectAll(own.map(({ embedding }) => embedding))
      return own.map((item, i) => ({ item, domain, vector: vectors[i]! }))
    })
    // A vector that changes is in histories that were encoded with what it was.
    if (projected.some(({ item }) => places.has(item.itemId))) cache.clear()
    for (const { item, domain, vector } of projected) {
      const row = places.get(item.itemId)?.row ?? domain.items.length
      domain.index.put(row, vector)
      const { domain: _domain, embedding: _embedding, ...fields } = item
      domain.items[row] = { ...fields, posted: true }
      places.set(item.itemId, { domain, row })
    }
  }

  function checkEmbedding (embedding: Float32Array, field: string): void {
    if (embedding.length === embedder.width && embedding.every(Number.isFinite)) return
    throw new IsthmusError('validation_failed', `an embedding is ${embedder.width} finite numbers`, {
      place: { field },
    })
  }
}

const DOMAIN_FIELD = { place: { field: 'domain' } }

function view ({ posted, ingestedAt: _, ...fields }: CatalogueItem, domain: string): EngineItemView {
  return { ...fields, domain, source: posted ? 'posted' : 'bundle' }
}

function unknownDomain (): IsthmusError {
  return new IsthmusError('unknown_domain', 'the model has no such domain', DOMAIN_FIELD)
}

function twice (itemId: string, file: string): IsthmusError {
  return new IsthmusError('artefact_invalid', `item ${itemId} is in two domains`, { place: { file } })
}
