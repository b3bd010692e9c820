import { refuseSetting } from '../errors.ts'
import { LOCAL_EMBEDDER_ID, LOCAL_EMBEDDER_WIDTH } from '../encode/local-embedder.ts'
import { TEXT_WORKERS, textPool } from '../encode/text-pool.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { openaiEmbedder, openaiOptions } from '../llm/openai-embedder.ts'
import type { EmbedSettings } from './embed-settings.ts'

/** An embedder before it is opened: what decides its vectors is known without loading or calling anything. */
export interface EmbedderChoice {
  readonly id: string
  readonly width: number
  /** What else decides a vector; a part of the key of the content cache. */
  readonly scope: readonly string[]
  /** Calls that it serves at the same time. */
  readonly atOnce: number
  readonly open: () => Promise<TextEmbedder>
}

const REQUESTS_AT_ONCE = 4

/** @throws config_invalid, naming the field, where `openai` lacks a key or the width of an unknown model */
export function chooseEmbedder (
  settings: Omit<EmbedSettings, 'prompt'>, env: Readonly<Record<string, string | undefined>>
): EmbedderChoice {
  if (settings.embedder === 'local') {
    const facts = { id: LOCAL_EMBEDDER_ID, width: LOCAL_EMBEDDER_WIDTH, scope: [], atOnce: TEXT_WORKERS }
    return { ...facts, open: async () => await textPool() }
  }
  const options = openaiOptions(settings, env)
  const embedder = openaiEmbedder(options)
  const { id, width } = embedder
  // Two endpoints may give one name to two models.
  return { id, width, scope: [options.baseUrl], atOnce: REQUESTS_AT_ONCE, open: async () => embedder }
}

/** The embedder that made a directory of embeddings, by its id there; `baseUrl` where it was not the provider's own. */
export function embedderNamed (
  { id, width }: { readonly id: string, readonly width: number }, baseUrl: string | undefined,
  env: Readonly<Record<string, string | undefined>>
): EmbedderChoice {
  const [, model] = /^openai\/(.+)\/\d+$/.exec(id) ?? []
  const choice = chooseEmbedder(
    model === undefined ? { embedder: 'local' } : { embedder: 'openai', model, width, ...(baseUrl !== undefined && { baseUrl }) },
    env)
  return choice.id === id ? choice : refuseSetting('embedder', `${id} is none that this version can open`)
}
