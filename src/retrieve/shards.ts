/** A part of the rows of a domain: those that leave `index` when divided by `of`. */
export interface Shard { readonly index: number, readonly of: number }

export function rowsOfShard (rows: number, { index, of }: Shard): number {
  return Math.ceil(Math.max(0, rows - index) / of)
}

/** How many standard deviations of the best a shard may hold beyond its part. */
const SPREAD = 4

/** What to ask each of `of` shards for, so that together they give the best `count` of all, wherever those lie. */
export function wantedOfShard (count: number, of: number): number {
  return of === 1 ? count : Math.ceil(count / of + SPREAD * Math.sqrt(count / of))
}

/** What one shard may weigh: Node reads no file of 2 GiB, and shards are built and searched side by side. */
const SHARD_BYTES = 640 * 2 ** 20
/** Of a row beside its vector, at 16 links a node. */
const LINK_BYTES = 152

/** Shards that an index over so many rows is built in, where nobody says otherwise. */
export function shardsFor (rows: number, width: number): number {
  return Math.max(1, Math.ceil(rows * (4 * width + LINK_BYTES) / SHARD_BYTES))
}
