import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { IsthmusError } from '../errors.ts'
import { DOMAIN_NAME } from './domains.ts'
import { MANIFEST_FILE, VERSION_PATTERN } from './layout.ts'

/** The one bundle format that this version writes and reads. */
export const BUNDLE_FORMAT = 1

const closed = { additionalProperties: false }
const Count = Type.Integer({ minimum: 0 })
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

const DomainSchema = Type.Object({
  name: Type.String({ pattern: DOMAIN_NAME }),
  /** What an item of the domain is called in texts, e.g. `sports`. */
  noun: Type.Optional(Type.String({ maxLength: 128 })),
  items: Count,
  /** True where it came after the training, by its items' texts alone. */
  added: Type.Optional(Type.Literal(true)),
}, closed)

const EncoderSchema = Type.Object({
  /** Latest items of a history that are encoded. */
  windowLength: Type.Integer({ minimum: 1, maximum: 10_000 }),
  /** Widths of the two halves of an item vector; 0: the system has no local half. */
  globalWidth: Type.Integer({ minimum: 1, maximum: 65_536 }),
  localWidth: Type.Integer({ minimum: 0, maximum: 65_536 }),
  /** True: without a local half, and yet with a thread for the domain's own events, which reads the global one. */
  sharedItems: Type.Optional(Type.Literal(true)),
  userWidth: Type.Integer({ minimum: 1, maximum: 131_072 }),
  itemNorm: Type.Union([Type.Literal('unit'), Type.Literal('none')]),
}, closed)

/** What the export found out about the approximate index of one domain. */
const RetrievalSchema = Type.Object({
  m: Type.Integer({ minimum: 2 }),
  efConstruction: Type.Integer({ minimum: 1 }),
  /** Absent: one. A row lies in the shard that is its number modulo the shards. */
  shards: Type.Optional(Type.Integer({ minimum: 2, maximum: 1024 })),
  /** The ef to search with, in each shard. */
  efSearch: Type.Integer({ minimum: 1 }),
  /** Recall@100 against the exact scan, real user vectors as queries, by ef. */
  recall: Type.Array(Type.Object({ ef: Type.Integer({ minimum: 1 }), recall: Type.Number() }, closed)),
  queries: Count,
  /** False: recall stayed below 0.99 at the largest ef, so that only the exact scan may serve. */
  usable: Type.Boolean(),
}, closed)

/** How far the encoders are from the model that was trained, on real histories. */
const ParitySchema = Type.Object({
  histories: Count,
  lengths: Type.Array(Count),
  batches: Type.Array(Count),
  /** Largest |onnx - training| / max(1, max|u|). */
  largest: Type.Number(),
}, closed)

/** NDCG@10 in the full ranking, over all users and by the domain of their targets. */
const WorthSchema = Type.Object({ all: Type.Number(), domains: Type.Record(Type.String(), Type.Number()) }, closed)

/** What the export found out about encoders in int8. */
const Int8Schema = Type.Object({
  /** True: the encoders of the bundle are the quantised ones. */
  taken: Type.Boolean(),
  /** The share of NDCG@10 that they had to lose less than. */
  limit: Type.Number(),
  /** Validation targets that were ranked, and what either kind is worth on them; absent where there is no int8. */
  users: Type.Optional(Count),
  ndcg10: Type.Optional(Type.Object({ float32: WorthSchema, int8: WorthSchema }, closed)),
  /** Why they are not taken. */
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
}, closed)

/** Where a map for items without a trained row comes from. */
const ItemMapSchema = Type.Object({
  method: Type.Union([Type.Literal('fold'), Type.Literal('pca'), Type.Literal('ridge'), Type.Literal('zero')]),
  lambda: Type.Optional(Type.Number()),
  /** Share of the trained rows' variance that it leaves unexplained. */
  unexplained: Type.Optional(Type.Number()),
  /** How the method was chosen: validation targets among items held out, and what each method was worth (NDCG@10). */
  heldOut: Type.Optional(Type.Object({
    items: Count, users: Count, ndcg10: Type.Record(Type.String(), Type.Number()),
  }, closed)),
}, closed)

const FileSchema = Type.Object({
  path: Type.String({ minLength: 1, maxLength: 256 }),
  size: Count,
  sha256: Sha256,
}, closed)

export const ManifestSchema = Type.Object({
  format: Type.Literal(BUNDLE_FORMAT),
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }),
  version: Type.String({ pattern: VERSION_PATTERN }),
  /** Unix milliseconds. */
  created: Count,
  system: Type.String({ minLength: 1 }),
  preset: Type.String({ minLength: 1 }),
  /** Every resolved setting of the run. */
  settings: Type.Record(Type.String(), Type.Unknown()),
  seeds: Type.Record(Type.String(), Type.Integer()),
  dataDigest: Type.String({ minLength: 1 }),
  /** Digest of what the bundle was exported from, and how: the same again makes no new version. */
  source: Type.Optional(Sha256),
  /** The prompt template of item texts. */
  textTemplate: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  embedder: Type.Object({ id: Type.String({ minLength: 1 }), width: Type.Integer({ minimum: 1 }) }, closed),
  encoder: EncoderSchema,
  domains: Type.Array(DomainSchema, { minItems: 1 }),
  /** As the evaluation wrote them. */
  metrics: Type.Record(Type.String(), Type.Unknown()),
  /** By domain; a domain without one has no index file. */
  retrieval: Type.Record(Type.String(), RetrievalSchema),
  /** Of the encoders in float32, also where int8 is taken. */
  parity: Type.Optional(ParitySchema),
  /** Absent: it was not asked for, and the encoders are in float32. */
  int8: Type.Optional(Int8Schema),
  /**
   * Where there is a map for users who are known by a text alone: the length that their vectors get, and who wrote the
   * profiles that it was learned from.
   */
  userText: Type.Optional(Type.Object({
    norm: Type.Number({ exclusiveMinimum: 0 }), chat: Type.String({ minLength: 1 }),
  }, closed)),
  /** By file. */
  itemMaps: Type.Optional(Type.Record(Type.String(), ItemMapSchema)),
  /** True where the data is made up: shown wherever the bundle shows. */
  generated: Type.Optional(Type.Literal(true)),
  files: Type.Array(FileSchema),
}, closed)

export type Manifest = Static<typeof ManifestSchema>
export type BundleDomain = Static<typeof DomainSchema>
export type BundleFile = Static<typeof FileSchema>
export type RetrievalFacts = Static<typeof RetrievalSchema>
export type EncoderFacts = Static<typeof EncoderSchema>
export type Int8Facts = Static<typeof Int8Schema>

/**
 * Reads a manifest.
 * Fails with `format_unsupported` (another format), `artefact_path_invalid` (a file name that leaves the bundle) or
 * `artefact_invalid` (anything else that is wrong; the place names the field).
 */
export function parseManifest (text: string, file: string): Manifest {
  const value = parseJson(text, file)
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (format !== BUNDLE_FORMAT && Number.isInteger(format)) {
    throw new IsthmusError('format_unsupported', `${file}: format ${String(format)}, this version reads ${BUNDLE_FORMAT}`,
      { place: { file, field: 'format' } })
  }
  if (!Value.Check(ManifestSchema, value)) {
    const [first] = Value.Errors(ManifestSchema, value)
    throw invalid(`${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`, file, first?.instancePath ?? '')
  }
  for (const { path } of value.files) checkPath(path, file)
  for (const [what, names] of [['domains', value.domains.map((d) => d.name)], ['files', value.files.map((f) => f.path)]] as const) {
    if (new Set(names).size !== names.length) throw invalid(`${what} names one twice`, file, what)
  }
  return value
}

/** A file of a bundle is a plain name, or one below `audit/`. Fails with `artefact_path_invalid`. */
export function checkPath (path: string, file: string): void {
  if (/^(audit\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/.test(path) && path !== MANIFEST_FILE) return
  throw new IsthmusError('artefact_path_invalid', `${file} names a file outside the bundle`,
    { place: { file, field: 'files' } })
}

function parseJson (text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new IsthmusError('artefact_invalid', `${file} is not JSON`, { cause, place: { file } })
  }
}

function invalid (message: string, file: string, field: string): IsthmusError {
  return new IsthmusError('artefact_invalid', `${file}: ${message}`, { place: { file, field } })
}
