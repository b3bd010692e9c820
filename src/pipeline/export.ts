import { cp, mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { tellInt8 } from '../bundle/int8.ts'
import { files, indexFiles } from '../bundle/layout.ts'
import { DOMAIN_NAME } from '../bundle/domains.ts'
import type { EncoderFacts, Manifest, RetrievalFacts } from '../bundle/manifest.ts'
import { openBundle } from '../bundle/open.ts'
import { type BundleFacts, writeBundle } from '../bundle/write.ts'
import { IsthmusError } from '../errors.ts'
import type { Report } from '../evaluate/report.ts'
import { canonicalJson, sha256 } from '../files/hash.ts'
import { jsonText, writeNumbers } from '../files/write.ts'
import type { LoadedTf, Tf } from '../nn/tf.ts'
import type { OnProgress } from '../progress.ts'
import { findHnswDriver, type HnswDriver } from '../retrieve/hnsw-driver.ts'
import { testSet } from '../systems/recg/sequences.ts'
import { createModel, type Model } from '../train/model.ts'
import { openEvaluation } from './evaluate.ts'
import { approximateIndex } from './export/approximate-index.ts'
import { writeHistories, writeItems, writeTexts } from './export/bundle-files.ts'
import { chooseMaps, type ChosenMap } from './export/choose-maps.ts'
import { type DomainRows, domainRows, rowsOf } from './export/domain-rows.ts'
import { encoderGraph } from './export/encoder-graph.ts'
import type { ExportSettings } from './export/export-settings.ts'
import { goldenAnswers } from './export/golden-answers.ts'
import { tryInt8 } from './export/int8.ts'
import { profileMap } from './export/item-maps.ts'
import { checkParity } from './export/parity.ts'
import { popularItems } from './export/popular-items.ts'
import { textNorm } from './export/text-norm.ts'
import { openRun, type Run } from './train.ts'

export interface ExportStep {
  /** A directory that `evaluate` left for a trained system. */
  readonly input: string
  /** models/<name>; the version is made below it. */
  readonly out: string
  readonly settings: ExportSettings
  /** Called only where there is something to export. */
  readonly openTf: () => Promise<LoadedTf>
  /** Told what somebody who serves the bundle should know, e.g. why there is no index. */
  readonly log?: (message: string) => void
  /** Told after each part of a bundle that is made. */
  readonly onProgress?: OnProgress
  /** Unix milliseconds. */
  readonly now?: () => number
}

/** A bundle that was written, or found to be there already. */
export interface Exported { readonly dir: string, readonly manifest: Manifest, readonly skipped: boolean }

/**
 * The step `export`: one version of a bundle from an evaluated run, which `models/<name>/CURRENT` then names; nothing
 * to do where it names one from the same evaluation and settings. Encoders are compared with the trained model on real
 * histories, and the approximate index with the exact scan on real users, before anything is visible. Where asked for,
 * encoders in int8 are tried, and taken where they rank as well.
 * @throws config_invalid, artefact_invalid (also where encoder and model disagree) and those of files.
 */
export async function exportStep (step: ExportStep): Promise<Exported> {
  const { input, out, settings, openTf, log = () => {}, onProgress = () => {}, now } = step
  const { manifest: evaluation, report } = await openEvaluation(input)
  const driver = await findHnswDriver()
  const source = sha256(canonicalJson({
    evaluation: evaluation.digest, settings, index: driver !== undefined,
  }))
  const current = await openCurrent(out)
  if (current?.manifest.source === source) return { ...current, skipped: true }
  if (driver === undefined) log('no HNSW index is written: hnswlib-node is not there')

  const run = await openRun(resolve(input, evaluation.input?.dir ?? '.'))
  const { tf, close } = await openTf()
  try {
    const written = await writeBundle(out, async (dir) => {
      const facts = await fillBundle(dir, { run, report, settings, tf, driver, log, onProgress })
      return { ...facts, name: basename(resolve(out)), source }
    }, now && { now })
    return { ...written, skipped: false }
  } finally {
    close()
  }
}

interface BundleParts {
  readonly run: Run
  readonly report: Report
  readonly settings: ExportSettings
  readonly tf: Tf
  readonly driver: HnswDriver | undefined
  readonly log: (message: string) => void
  readonly onProgress: OnProgress
}

/** Puts every file of a bundle into `dir`, and says what the manifest is to say. */
export async function fillBundle (dir: string, parts: BundleParts): Promise<Omit<BundleFacts, 'name' | 'source'>> {
  const { run, report, settings, tf, onProgress } = parts
  const { dataset, embeddings } = run
  checkNames(run)
  const model = createModel(tf, run)
  try {
    const domains = domainRows(dataset)
    // Vectors, encoders, rows, maps, histories and golden answers; and an index a domain.
    const total = 5 + domains.length
    let made = 0
    const finished = (what: string): void => onProgress(++made, total, what)
    const width = model.vectorWidth
    const all = model.itemVectors()
    const vectors = domains.map(({ ids }) => rowsOf(ids, all, width))
    const encoder: EncoderFacts = {
      windowLength: run.settings.length,
      globalWidth: run.settings.width,
      localWidth: width - run.settings.width,
      ...(run.spec.fusion === 'sum' && { sharedItems: true as const }),
      userWidth: width,
      itemNorm: run.spec.items.norm,
    }
    finished('vectors')
    const float32 = domains.map((_, k) => encoderGraph(run, k))
    const parity = await checkParity(model, dataset, float32, encoder)
    const int8 = settings.int8 && await tryInt8(model, testSet(dataset, run.settings), float32, encoder)
    if (int8 !== undefined) parts.log(tellInt8(int8.facts))
    const graphs = int8?.graphs ?? float32
    finished('encoders')

    await writeItems(dir, domains)
    await writeTexts(dir, domains, embeddings.rows, embeddings.width)
    for (const [k, { name }] of domains.entries()) {
      await writeFile(join(dir, files.encoder(name)), graphs[k]!)
      await writeNumbers(join(dir, files.vectors(name)), vectors[k]!)
      const popular = popularItems(dataset, domains[k]!, all, width, settings.halfLifeDays)
      await writeFile(join(dir, files.popularity(name)), `${JSON.stringify(popular)}\n`)
    }
    finished('items')
    const itemMaps = await writeMaps(dir, run, tf)
    finished('maps')
    const profiles = profileMap(run)
    if (profiles !== undefined) await writeNumbers(join(dir, files.profileMap), profiles.values)
    const retrieval = await writeIndexes(dir, parts, model, domains, vectors, finished)
    if (settings.histories) await writeHistories(dir, dataset)
    const rounded = int8?.facts.taken ? { graphs, encoder } : undefined
    const golden = await goldenAnswers(model, dataset, domains, vectors, rounded)
    await writeFile(join(dir, files.golden), `${JSON.stringify(golden)}\n`)
    await writeAudit(dir, run, report)
    finished('histories and golden answers')

    return {
      system: run.settings.system,
      preset: run.settings.preset,
      settings: { ...run.settings },
      seeds: { train: run.settings.seed, candidates: dataset.candidates.seed },
      dataDigest: dataset.digest,
      textTemplate: embeddings.prompt.template,
      embedder: embeddings.embedder,
      encoder,
      domains: dataset.domains.map(({ name, size: items }) =>
        ({ name, noun: embeddings.prompt.nouns[name] ?? name, items })),
      metrics: { ...report },
      retrieval,
      parity,
      ...(int8 && { int8: int8.facts }),
      itemMaps,
      ...(profiles && { userText: { norm: textNorm(model, dataset), chat: String(run.manifest.chat) } }),
      ...(settings.generated && { generated: true as const }),
    }
  } finally {
    model.dispose()
  }
}

async function writeMaps (dir: string, run: Run, tf: Tf): Promise<NonNullable<Manifest['itemMaps']>> {
  const { item, locals } = chooseMaps(tf, run)
  const maps: Array<[file: string, map: ChosenMap]> = [
    [files.itemMap, item],
    ...locals.map((map, k): [string, ChosenMap] => [files.localMap(run.dataset.domains[k]!.name), map]),
  ]
  for (const [file, { values }] of maps) await writeNumbers(join(dir, file), values)
  return Object.fromEntries(maps.map(([file, { values: _, ...facts }]) => [file, facts]))
}

async function writeIndexes (
  dir: string, { run, settings, driver, log }: BundleParts, model: Model, domains: readonly DomainRows[],
  vectors: readonly Float32Array[], finished: (what: string) => void
): Promise<Record<string, RetrievalFacts>> {
  const facts: Record<string, RetrievalFacts> = {}
  if (driver === undefined) {
    for (const { name } of domains) finished(`${name}, without an index`)
    return facts
  }
  for (const [k, { name }] of domains.entries()) {
    const index = await approximateIndex(driver, model, run.dataset, k, vectors[k]!, settings.indexShards)
    for (const [i, path] of indexFiles(name, index.shards.length).entries()) {
      await writeFile(join(dir, path), index.shards[i]!)
    }
    facts[name] = index.facts
    const { ef, recall } = index.facts.recall.at(-1)!
    if (!index.facts.usable) log(`${name}: HNSW finds ${recall.toFixed(3)} at ef ${ef}, so exact search will serve`)
    finished(`index of ${name}`)
  }
  return facts
}

async function writeAudit (dir: string, run: Run, report: Report): Promise<void> {
  await mkdir(join(dir, 'audit'))
  for (const file of ['curve.csv', 'curve.svg']) await cp(join(run.dir, file), join(dir, 'audit', file))
  await writeFile(join(dir, 'audit', 'metrics.json'), jsonText(report))
}

/** Domains stand in file names. */
function checkNames ({ dataset }: Run): void {
  const bad = dataset.domains.find(({ name }) => !new RegExp(DOMAIN_NAME).test(name))
  if (bad === undefined) return
  throw new IsthmusError('config_invalid', `a domain that is served has a name of letters, digits, - and _: ${bad.name}`, {
    place: { field: 'domains' },
  })
}

/** What `out` serves now; undefined where there is nothing, or nothing that could be served. */
async function openCurrent (out: string): Promise<{ dir: string, manifest: Manifest } | undefined> {
  try {
    return await openBundle(out)
  } catch (error) {
    if (error instanceof IsthmusError) return undefined
    throw error
  }
}
