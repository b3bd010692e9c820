import { refuseSetting } from '../../errors.ts'

/** What a bundle shall hold, as a user gives it. */
export interface ExportSettings {
  /** Whether known users' histories go along, which a service seeds its store with. */
  readonly histories: boolean
  /** Days after which a purchase counts half in the list for people of whom nothing is known. */
  readonly halfLifeDays: number
  /** The data is made up, and everything that shows the bundle says so. */
  readonly generated: boolean
  /** Shards of each domain's approximate index; by size, so that each is below 640 MiB, unless given. */
  readonly indexShards?: number
  /** Encoders in int8 are tried, and taken where they rank as well; absent: they stay in float32. */
  readonly int8?: true
}

/** More than one machine has use for. */
const MOST_SHARDS = 1024

export const DEFAULT_EXPORT: ExportSettings = { histories: true, halfLifeDays: 180, generated: false }

/** Settings from flags or a config file. Throws `config_invalid` with the field. */
export function exportSettings (given: Readonly<Record<string, unknown>>): ExportSettings {
  const { histories, halfLifeDays, generated, indexShards, int8 = false, ...unknown } = { ...DEFAULT_EXPORT, ...given }
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) refuseSetting(stray, 'is not a setting of export')
  if (typeof histories !== 'boolean') return refuseSetting('histories', 'is true or false')
  if (typeof generated !== 'boolean') return refuseSetting('generated', 'is true or false')
  if (typeof halfLifeDays !== 'number' || !(halfLifeDays > 0) || halfLifeDays === Infinity) {
    return refuseSetting('halfLifeDays', 'is a number above 0')
  }
  if (typeof int8 !== 'boolean') return refuseSetting('int8', 'is true or false')
  const asked = { histories, halfLifeDays, generated, ...(int8 && { int8 }) }
  if (indexShards === undefined) return asked
  if (!Number.isInteger(indexShards) || !(indexShards >= 1 && indexShards <= MOST_SHARDS)) {
    return refuseSetting('indexShards', `is a whole number from 1 to ${MOST_SHARDS}`)
  }
  return { ...asked, indexShards }
}
