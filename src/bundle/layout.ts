export const MANIFEST_FILE = 'manifest.json'

/** More than any bundle needs: a reader must not be made to hold what somebody else chose. */
export const MOST_MANIFEST_BYTES = 16 * 1024 * 1024

/** Of a version, and so of its folder: when it was made, and the first 8 hex digits of its content's digest. */
export const VERSION_PATTERN = '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$'

/** Names of the files of a bundle; DESIGN of each is in docs/bundle.md. `<domain>` is a domain's name. */
export const files = {
  encoder: (domain: string) => `user-${domain}.onnx`,
  itemMap: 'item-map.f32',
  localMap: (domain: string) => `local-map-${domain}.f32`,
  /** Only of systems that were trained with user profiles. */
  profileMap: 'profile-map.f32',
  texts: 'text.f32',
  vectors: (domain: string) => `vectors-${domain}.f32`,
  items: (domain: string) => `items-${domain}.jsonl`,
  popularity: (domain: string) => `popularity-${domain}.json`,
  histories: 'histories.jsonl.gz',
  golden: 'golden.json',
} as const

/** The files of a domain's index: one, or one a shard. */
export function indexFiles (domain: string, shards = 1): string[] {
  if (shards === 1) return [`hnsw-${domain}.bin`]
  return Array.from({ length: shards }, (_, i) => `hnsw-${domain}.${i}.bin`)
}

/** One row of `items-<domain>.jsonl`; rows are sorted by itemId (code points). */
export interface BundleItem {
  readonly itemId: string
  readonly title?: string
  readonly brand?: string
  readonly categories?: readonly string[]
  readonly price?: number
}

/** `golden.json`: what a loaded bundle must answer, within `tolerance` on each score. */
export interface Golden {
  readonly tolerance: number
  readonly cases: ReadonlyArray<{
    readonly domain: string
    readonly history: readonly string[]
    readonly items: ReadonlyArray<{ readonly itemId: string, readonly score: number }>
  }>
}

/** One line of `histories.jsonl.gz`: [itemId, unix milliseconds], oldest first. */
export interface BundleHistory {
  readonly userId: string
  readonly events: ReadonlyArray<readonly [itemId: string, timestamp: number]>
}
