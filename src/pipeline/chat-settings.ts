import { refuseSetting } from '../errors.ts'
import { number, oneOf } from '../systems/setting-checks.ts'

/** Who answers in words, as a user gives it. The key of an endpoint is no setting. */
export interface ChatSettings {
  readonly chat: 'extractive' | 'openai'
  /** Of `openai` only, as are the others; the endpoint where it is not the provider's own. */
  readonly model?: string
  readonly baseUrl?: string
  readonly temperature?: number
  readonly topP?: number
}

/** The names of the settings above, for those who have further ones. */
export const CHAT_FIELDS = ['chat', 'model', 'baseUrl', 'temperature', 'topP'] as const

/** @throws config_invalid with the field */
export function chatSettings (given: Readonly<Record<string, unknown>>): ChatSettings {
  const { chat: name = 'extractive', model, baseUrl, temperature, topP } = given
  const chat = oneOf('chat', name, ['extractive', 'openai'])
  for (const [field, value] of Object.entries({ model, baseUrl, temperature, topP })) {
    if (chat === 'extractive' && value !== undefined) refuseSetting(field, 'is a setting of the chat model openai')
  }
  if (temperature !== undefined) number(0, 2)('temperature', temperature)
  if (topP !== undefined) number(0, 1)('topP', topP)
  return {
    chat,
    ...(model !== undefined && { model: text('model', model) }),
    ...(baseUrl !== undefined && { baseUrl: text('baseUrl', baseUrl) }),
    // Both were checked above.
    ...(temperature !== undefined && { temperature: Number(temperature) }),
    ...(topP !== undefined && { topP: Number(topP) }),
  }
}

function text (field: string, value: unknown): string {
  return typeof value === 'string' && value.trim() !== '' ? value : refuseSetting(field, 'is a text')
}
