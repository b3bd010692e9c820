import { refuseSetting } from '../errors.ts'
import type { Attributes } from '../llm/item-json.ts'
import { choice, integer, oneOf } from '../systems/setting-checks.ts'
import { attributesSetting } from './attributes-setting.ts'
import { chatSettings } from './chat-settings.ts'
import type { ChatSettings } from './chat-settings.ts'

/** What decides the profiles of users, as a user gives it. */
export interface ProfileSettings {
  readonly chat: ChatSettings
  /** mixed: all domains together, as LLM4CDSR; domain-aware: summarise, reform, analyse, as LLM-EDT. */
  readonly mode: typeof PROFILE_MODES[number]
  /** Clusters of items, with `domain-aware` in each domain, and so the most notes of a user. */
  readonly clusters: number
  /** Products of a cluster that are shown, the latest. */
  readonly latest: number
  /** False: one prompt with the whole history, without clusters. */
  readonly partition: boolean
  /** What of an item is shown, by domain; the title where a domain is not named. */
  readonly attributes: Attributes
  /** Of the clusters. */
  readonly seed: number
}

export const PROFILE_MODES = ['mixed', 'domain-aware'] as const

export const DEFAULT_PROFILE: Omit<ProfileSettings, 'chat'> = {
  mode: 'mixed',
  clusters: 10,
  latest: 15,
  partition: true,
  attributes: {},
  seed: 42,
}

/**
 * Settings from what flags or a config file give: those of `chatSettings` and those above. Throws `config_invalid` with
 * the field.
 */
export function profileSettings (given: Readonly<Record<string, unknown>>): ProfileSettings {
  const { chat, model, baseUrl, temperature, topP, ...own } = given
  const { mode, clusters, latest, partition, attributes, seed, ...unknown } = { ...DEFAULT_PROFILE, ...own }
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) refuseSetting(stray, 'is not a setting of profile')
  integer(1)('clusters', clusters)
  integer(1)('latest', latest)
  integer(0)('seed', seed)
  choice(true, false)('partition', partition)
  if (mode === 'domain-aware' && !partition) refuseSetting('partition', 'cannot be off with the mode domain-aware')
  return {
    chat: chatSettings({ chat, model, baseUrl, temperature, topP }),
    mode: oneOf('mode', mode, PROFILE_MODES),
    clusters,
    latest,
    partition,
    attributes: attributesSetting(attributes),
    seed,
  }
}
