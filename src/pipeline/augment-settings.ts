import { INSERTIONS } from '../augment/insert.ts'
import type { AugmentOptions } from '../augment/make-augmentation.ts'
import { refuseSetting } from '../errors.ts'
import { MOST_GENERATED } from '../llm/prompts/generate.ts'
import { choice, integer, number, oneOf } from '../systems/setting-checks.ts'
import { attributesSetting } from './attributes-setting.ts'
import { chatSettings } from './chat-settings.ts'
import type { ChatSettings } from './chat-settings.ts'

/** What decides the synthetic events of users, as a user gives it. */
export interface AugmentSettings extends AugmentOptions {
  readonly chat: ChatSettings
  /** Clusters of a domain's items, and so the most representatives of a user in it. */
  readonly kmeansK: number
}

export const DEFAULT_AUGMENT: Omit<AugmentSettings, 'chat'> = {
  kmeansK: 10,
  nGenerate: 10,
  filter: true,
  filterTopK: 5,
  filterTau: 'auto',
  insert: 'anchor',
  ground: true,
  groundTau: 0.9,
  injectRatio: 1,
  injectMinR: 0,
  attributes: {},
  seed: 42,
}

/**
 * Settings from what flags or a config file give: those of `chatSettings` and those above. Throws `config_invalid` with
 * the field.
 */
export function augmentSettings (given: Readonly<Record<string, unknown>>): AugmentSettings {
  const { chat: name, model, baseUrl, temperature, topP, ...own } = given
  const stray = Object.keys(own).find((field) => !(field in DEFAULT_AUGMENT))
  if (stray !== undefined) refuseSetting(stray, 'is not a setting of augment')
  const settings = { ...DEFAULT_AUGMENT, ...own }
  const { kmeansK, nGenerate, filter, filterTopK, filterTau, ground, groundTau } = settings
  const { injectRatio, injectMinR, seed } = settings
  integer(1)('kmeansK', kmeansK)
  integer(1)('nGenerate', nGenerate)
  if (nGenerate > MOST_GENERATED) refuseSetting('nGenerate', `is at most ${MOST_GENERATED}`)
  choice(true, false)('filter', filter)
  integer(1)('filterTopK', filterTopK)
  if (filterTau !== 'auto') number(-1, 1)('filterTau', filterTau)
  choice(true, false)('ground', ground)
  number(-1, 1)('groundTau', groundTau)
  number(0, 1)('injectRatio', injectRatio)
  number(0, 1)('injectMinR', injectMinR)
  integer(0)('seed', seed)
  const chat = chatSettings({ chat: name, model, baseUrl, temperature, topP })
  if (chat.chat === 'extractive' && !ground) {
    refuseSetting('ground', 'cannot be off with the chat model extractive, which generates items of the catalogue')
  }
  return {
    ...settings,
    chat,
    insert: oneOf('insert', settings.insert, INSERTIONS),
    attributes: attributesSetting(settings.attributes),
  }
}
