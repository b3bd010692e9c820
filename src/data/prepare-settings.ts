import { IsthmusError } from '../errors.ts'
import { publishedSet } from './published/sets.ts'
import type { SequenceSettings } from './sequences.ts'
import type { VarySettings } from './vary.ts'

export interface PrepareSettings extends SequenceSettings, VarySettings {
  /** The share of rows of a kind that may be bad; above it the step stops. */
  readonly maxBadShare: number
  /** A published set (see `published/sets.ts`) that the input is, in the files as they were published. */
  readonly source?: string
  /** Only events after and before these times, unix milliseconds, exclusive. */
  readonly after?: number
  readonly before?: number
  /** Only events whose rating, where they have one, is above this. */
  readonly ratingAbove?: number
  /** Only events of items with a title, features or a description. */
  readonly textRequired?: boolean
}

export const DEFAULT_PREPARE: PrepareSettings = {
  kCore: { user: 5, item: 3 }, ties: 'shuffle', seed: 42, maxBadShare: 0.01,
}

/**
 * Settings from what flags (texts) or a config file (JSON values) give; what is undefined takes its default.
 * `kCore` is `none`, `5,3` (users, items), `5` or `{user, item}`; `domains` is `a,b` or a list; `after` and `before`
 * are unix milliseconds or ISO 8601. With a `source`, the defaults are that set's own.
 * Throws `config_invalid` with the field.
 */
export function prepareSettings (given: Readonly<Record<string, unknown>>): PrepareSettings {
  const unknown = Object.keys(given).find((field) => !(field in PARSERS))
  if (unknown !== undefined) throw invalid(unknown, 'is not a setting of prepare')
  const parsed = Object.entries(given).filter(([, value]) => value !== undefined)
    .map(([field, value]) => [field, PARSERS[field as keyof typeof PARSERS](value)])
  const values = Object.fromEntries(parsed) as Partial<PrepareSettings>
  const own = values.source === undefined ? {} : publishedSet(values.source).settings
  return { ...DEFAULT_PREPARE, ...own, ...values }
}

const PARSERS = {
  kCore (value: unknown): PrepareSettings['kCore'] {
    if (value === 'none') return value
    const [user, item = user, ...rest] = typeof value === 'string' ? value.split(',').map(numberOf) : coreOf(value)
    if (!isCount(user) || !isCount(item) || rest.length > 0) {
      throw invalid('kCore', 'is none, a count for users and items, or two as in 5,3')
    }
    return { user, item }
  },
  ties (value: unknown): PrepareSettings['ties'] {
    if (value !== 'shuffle' && value !== 'input') throw invalid('ties', 'is shuffle or input')
    return value
  },
  seed (value: unknown): number {
    const seed = numberOf(value)
    if (!isCount(seed)) throw invalid('seed', 'is a whole number from 0')
    return seed
  },
  maxBadShare: (value: unknown): number => shareOf('maxBadShare', value),
  domains (value: unknown): readonly string[] {
    const names: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
    const texts = names.filter((name): name is string => typeof name === 'string' && name !== '')
    if (texts.length === 0 || texts.length < names.length || new Set(texts).size < texts.length) {
      throw invalid('domains', 'is a list of different names')
    }
    return texts
  },
  source (value: unknown): string {
    return publishedSet(typeof value === 'string' ? value : '').name
  },
  after: (value: unknown): number => timeOf('after', value),
  before: (value: unknown): number => timeOf('before', value),
  ratingAbove (value: unknown): number {
    const rating = numberOf(value)
    if (!Number.isFinite(rating)) throw invalid('ratingAbove', 'is a number')
    return rating
  },
  textRequired (value: unknown): boolean {
    if (typeof value !== 'boolean') throw invalid('textRequired', 'is true or false')
    return value
  },
  mostUsers (value: unknown): number {
    const most = numberOf(value)
    if (!isCount(most) || most === 0) throw invalid('mostUsers', 'is a whole number from 1')
    return most
  },
  heldOutItems: (value: unknown): number => shareOf('heldOutItems', value),
  overlapRatio: (value: unknown): number => shareOf('overlapRatio', value),
}

function shareOf (field: string, value: unknown): number {
  const share = numberOf(value)
  if (!(share >= 0 && share <= 1)) throw invalid(field, 'is a number from 0 to 1')
  return share
}

function timeOf (field: string, value: unknown): number {
  const time = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : numberOf(value)
  if (!isCount(time)) throw invalid(field, 'is an ISO 8601 time, or unix milliseconds')
  return time
}

function coreOf (value: unknown): unknown[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null && 'user' in value && 'item' in value ? [value.user, value.item] : []
}

function numberOf (value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function invalid (field: string, what: string): IsthmusError {
  return new IsthmusError('config_invalid', `${field} ${what}`, { place: { field } })
}
