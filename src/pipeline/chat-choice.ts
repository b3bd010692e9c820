import { join } from 'node:path'
import { batchAsker } from '../llm/batch-asker.ts'
import type { ChatModel } from '../llm/chat-model.ts'
import { dryAsker } from '../llm/dry-run.ts'
import type { Estimate } from '../llm/dry-run.ts'
import { EXTRACTIVE, extractiveChat } from '../llm/extractive-chat.ts'
import type { Extract } from '../llm/extractive-chat.ts'
import { OPENAI_CHAT, openaiChat, requestBody } from '../llm/openai-chat.ts'
import { endpointOf, openaiClient } from '../llm/openai-client.ts'
import { chatFolder, liveAsker, remoteChat } from '../llm/remote-chat.ts'
import type { ChatSettings } from './chat-settings.ts'
import type { Spending } from './spending.ts'

/** A chat model before it is opened: what decides its answers is known without calling anything. */
export interface ChatChoice {
  readonly id: string
  /** What decides its answers, as a manifest keeps it. */
  readonly settings: Readonly<Record<string, unknown>>
  /** @param extracts by the name of a template, what `extractive` answers with where it needs more than the values */
  readonly open: (extracts?: Readonly<Record<string, Extract>>) => Promise<ChatModel>
  /** One that asks nobody, and counts what it would ask. */
  readonly dry: (estimate: Estimate, extracts?: Readonly<Record<string, Extract>>) => Promise<ChatModel>
}

/** Files of a batch are large, and so are its answers. */
const BATCH_BYTES = 1 << 30
const BATCH_TIMEOUT_MS = 600_000

/** @throws config_invalid, naming the field, where `openai` lacks a key */
export function chooseChat (
  settings: ChatSettings, { cache, account, atOnce, batch, say }: Spending,
  env: Readonly<Record<string, string | undefined>>
): ChatChoice {
  if (settings.chat === 'extractive') {
    return {
      id: EXTRACTIVE,
      settings: { id: EXTRACTIVE },
      open: async (extracts) => extractiveChat(extracts),
      dry: async (_, extracts) => extractiveChat(extracts),
    }
  }
  const parameters = { ...OPENAI_CHAT, ...settings }
  const { model, temperature, topP } = parameters
  const where = endpointOf(settings, env)
  const endpoint = openaiChat({ ...where, model, temperature, topP })
  const live = liveAsker(endpoint, account, atOnce)
  const batched = (): typeof live => batchAsker({
    client: openaiClient({ ...where, timeoutMs: BATCH_TIMEOUT_MS, maxBytes: BATCH_BYTES, tooLarge: 'chat_bad_response' }),
    model,
    bodyOf: ({ template, task }) => requestBody(parameters, template, template.fill(task.values), true),
    dir: join(chatFolder(cache, endpoint), 'batches'),
    account,
    say,
  })
  return {
    id: endpoint.id,
    settings: { id: endpoint.id, temperature, topP },
    open: async () => await remoteChat({ endpoint, dir: cache, ask: batch ? batched() : live }),
    dry: async (estimate) => await remoteChat({
      endpoint, dir: cache, ask: dryAsker(model, extractiveChat(), estimate), keep: false,
    }),
  }
}
