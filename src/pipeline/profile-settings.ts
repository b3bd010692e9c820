import { refuseSetting } from '../errors.ts'
import { ATTRIBUTES } from '../profile/tasks.ts'
import type { Attributes } from '../profile/tasks.ts'
import { choice, integer, oneOf } from '../systems/setting-checks.ts'
import { chatSettings } from './chat-settings.ts'
import type { ChatSettings } from './chat-settings.ts'

/** What decides the profiles of users, as a user gives it. */
export interface ProfileSettings {
  readonly chat: ChatSettings
  /** Clusters of items, and so the most notes of a user. */
  readonly clusters: number
  /** Products of a cluster that are shown, the latest. */
  readonly latest: number
  /** False: one prompt with the whole history, without clusters. */
  readonly partition: boolean
  /** What of an item is shown, by domain; the title where a domain is not named. */
  readonly attributes: Attributes
  readonly seed: number
}

export const DEFAULT_PROFILE: Omit<ProfileSettings, 'chat'> = {
  clusters: 10, latest: 15, partition: true, attributes: {}, seed: 42,
}

/**
 * Settings from what flags or a config file give: those of `chatSettings` and those above. Throws `config_invalid` with
 * the field.
 */
export function profileSettings (given: Readonly<Record<string, unknown>>): ProfileSettings {
  const { chat, model, baseUrl, temperature, topP, ...own } = given
  const { clusters, latest, partition, attributes, seed, ...unknown } = { ...DEFAULT_PROFILE, ...own }
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) refuseSetting(stray, 'is not a setting of profile')
  integer(1)('clusters', clusters)
  integer(1)('latest', latest)
  integer(0)('seed', seed)
  choice(true, false)('partition', partition)
  return {
    chat: chatSettings({ chat, model, baseUrl, temperature, topP }),
    clusters,
    latest,
    partition,
    attributes: attributesOf(attributes),
    seed,
  }
}

function attributesOf (value: unknown): Attributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuseSetting('attributes', 'names a list of attributes for each domain')
  }
  return Object.fromEntries(Object.entries(value).map(([domain, names]: [string, unknown]) => {
    const field = `attributes.${domain}`
    if (!Array.isArray(names) || names.length === 0) return refuseSetting(field, 'is a list of attributes')
    return [domain, names.map((name: unknown) => oneOf(field, name, ATTRIBUTES))]
  }))
}
