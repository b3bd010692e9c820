/** The lists of bad input in RELIABILITY.md 5.0 to 5.6, by the test of this folder that takes them: how many rows. */
export const SECTIONS = {
  transport: 40,
  recommend: 36,
  items: 40,
  events: 38,
  health: 28,
  metrics: 27,
  artefacts: 27,
} as const

export type Section = keyof typeof SECTIONS

/** Rows whose test needs what those of this folder do not have, by a part of its title. */
export const ELSEWHERE: ReadonlyArray<readonly [section: Section, row: number, file: string, title: string]> = [
  ['items', 37, 'test/serve/embedding-endpoint.test.ts', 'row 37'],
  ['items', 38, 'test/serve/embedding-endpoint.test.ts', 'row 38'],
  ['events', 32, 'test/serve/kill-nine.system.test.ts', 'has every acknowledged write after a restart'],
  ['events', 33, 'test/serve/start.system.test.ts', '5.3 row 33'],
  ['events', 35, 'test/serve/shared-state.system.test.ts', 'answer while Redis is away'],
  ['health', 11, 'test/serve/shared-state.system.test.ts', 'answer while Redis is away'],
  ['health', 12, 'test/serve/toxic-redis.system.test.ts', 'P25, P27'],
  ['health', 13, 'test/serve/embedding-endpoint.test.ts', 'row 37'],
  ['health', 15, 'test/serve/models/swap.system.test.ts', 'keeps the old model through 20 that are broken'],
  ['health', 18, 'test/serve/start.system.test.ts', 'leaves no second process the journal'],
  ['health', 23, 'test/serve/guard.test.ts', 'full gives popular items first'],
  ['metrics', 8, 'test/serve/slow-clients.system.test.ts', 'P30'],
  ['metrics', 9, 'test/serve/promises.test.ts', 'series do not grow'],
  ['metrics', 19, 'test/serve/models/swap.system.test.ts', 'P6'],
  ['metrics', 20, 'test/serve/shared-state.system.test.ts', 'answer while Redis is away'],
  ['metrics', 21, 'test/serve/guard.test.ts', 'full gives popular items first'],
  ['metrics', 26, 'test/deploy/prometheus.system.test.ts', 'scrape'],
  ['artefacts', 1, 'test/bundle/open.test.ts', 'is refused when CURRENT'],
  ['artefacts', 2, 'test/bundle/open.test.ts', 'is refused when CURRENT'],
  ['artefacts', 3, 'test/bundle/open.test.ts', 'is refused when CURRENT'],
  ['artefacts', 6, 'test/bundle/open.test.ts', 'a path stands twice'],
  ['artefacts', 7, 'test/bundle/open.test.ts', 'a path holds a NUL'],
  ['artefacts', 13, 'test/serve/models/swap.system.test.ts', 'globalWidth: 8'],
  ['artefacts', 14, 'test/serve/models/swap.system.test.ts', 'items-sport.jsonl'],
  ['artefacts', 16, 'test/serve/models/swap.system.test.ts', 'golden.json'],
  ['artefacts', 19, 'test/recommend/mutants.system.test.ts', 'P4'],
  ['artefacts', 21, 'test/serve/models/life-cycle.test.ts', 'do not go back in time by accident'],
  ['artefacts', 22, 'test/serve/models/watch.test.ts', 'many moves are one'],
  ['artefacts', 23, 'test/serve/models/swap.system.test.ts', 'P13'],
]

/** Rows that this service has no place for, and why. */
export const NOT_HERE: ReadonlyArray<readonly [section: Section, row: number, why: string]> = [
  ['recommend', 29, 'there are no tenants: a domain that the bundle does not have is row 28'],
  ['items', 40, 'there is no Idempotency-Key: an item is named by its id, and another body is its next version (row 34)'],
  ['health', 14, 'nothing listens before a model is loaded; without one the process ends with 78 (start.system.test.ts)'],
  ['health', 16, 'an index is a file of its bundle and is never built again while the service runs'],
  ['health', 20, 'a blocked event loop answers nothing, by its nature'],
  ['artefacts', 24, 'the service copies no bundle; a disk that is full while one is written ends the export, and CURRENT stays'],
  ['artefacts', 27, 'bundles are not signed: their hashes are, as far as the one who may write CURRENT is trusted'],
]
