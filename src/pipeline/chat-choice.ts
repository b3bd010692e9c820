import { IsthmusError } from '../errors.ts'
import { EXTRACTIVE, extractiveChat } from '../llm/extractive-chat.ts'
import type { ChatModel } from '../llm/chat-model.ts'
import type { ChatSettings } from './chat-settings.ts'

/** A chat model before it is opened: what decides its answers is known without calling anything. */
export interface ChatChoice {
  readonly id: string
  /** What decides its answers, as a manifest keeps it. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly open: () => Promise<ChatModel>
}

/** @throws config_invalid, naming the field */
export function chooseChat (settings: ChatSettings): ChatChoice {
  if (settings.chat === 'extractive') {
    return { id: EXTRACTIVE, settings: { id: EXTRACTIVE }, open: async () => extractiveChat() }
  }
  throw new IsthmusError('provider_unavailable', 'chat openai')
}
