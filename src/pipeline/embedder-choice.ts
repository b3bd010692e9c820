import { join } from 'node:path'
import { refuseSetting } from '../errors.ts'
import { LOCAL_EMBEDDER_ID, LOCAL_EMBEDDER_WIDTH } from '../encode/local-embedder.ts'
import { TEXT_WORKERS, textPool } from '../encode/text-pool.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { cachedEmbedder, embeddingFolder, embeddingKey } from '../llm/cached-embedder.ts'
import { openContentLog } from '../llm/content-log.ts'
import { dryEmbedder } from '../llm/dry-run.ts'
import type { Estimate } from '../llm/dry-run.ts'
import { openaiEmbedder, openaiOptions } from '../llm/openai-embedder.ts'
import type { OpenaiOptions } from '../llm/openai-embedder.ts'
import type { EmbedSettings } from './embed-settings.ts'

/** An embedder before it is opened: what decides its vectors is known without loading or calling anything. */
export interface EmbedderChoice {
  readonly id: string
  readonly width: number
  /** The name that prices go by; absent where it costs nothing. */
  readonly model?: string
  /** What else decides a vector; a part of the key of the content cache. */
  readonly scope: readonly string[]
  /** Calls that it serves at the same time. */
  readonly atOnce: number
  readonly open: () => Promise<TextEmbedder>
}

const REQUESTS_AT_ONCE = 4

/**
 * @param spend who pays for `openai`, and for which step
 * @throws config_invalid, naming the field, where `openai` lacks a key or the width of an unknown model
 */
export function chooseEmbedder (
  settings: Omit<EmbedSettings, 'prompt'>, env: Readonly<Record<string, string | undefined>>,
  spend?: OpenaiOptions['spend']
): EmbedderChoice {
  if (settings.embedder === 'local') {
    const facts = { id: LOCAL_EMBEDDER_ID, width: LOCAL_EMBEDDER_WIDTH, scope: [], atOnce: TEXT_WORKERS }
    return { ...facts, open: async () => await textPool() }
  }
  const options = openaiOptions(settings, env)
  const embedder = openaiEmbedder({ ...options, ...(spend && { spend }) })
  const { id, width } = embedder
  const facts = { id, width, model: options.model, atOnce: REQUESTS_AT_ONCE }
  // Two endpoints may give one name to two models.
  return { ...facts, scope: [options.baseUrl], open: async () => embedder }
}

/** The embedder that made a directory of embeddings, by its id there; `baseUrl` where it was not the provider's own. */
export function embedderNamed (
  { id, width }: { readonly id: string, readonly width: number }, baseUrl: string | undefined,
  env: Readonly<Record<string, string | undefined>>, spend?: OpenaiOptions['spend']
): EmbedderChoice {
  const [, model] = /^openai\/(.+)\/\d+$/.exec(id) ?? []
  const settings = model === undefined
    ? { embedder: 'local' as const }
    : { embedder: 'openai' as const, model, width, ...(baseUrl !== undefined && { baseUrl }) }
  const choice = chooseEmbedder(settings, env, spend)
  return choice.id === id ? choice : refuseSetting('embedder', `${id} is none that this version can open`)
}

/** The embedder, behind the content cache in `cache`: no text is embedded twice. */
export async function openCached ({ scope, atOnce, open }: EmbedderChoice, cache: string): Promise<TextEmbedder> {
  return await cachedEmbedder(await open(), { dir: cache, scope, atOnce })
}

/** An embedder that embeds nothing, and counts what would have to be paid for. */
export async function dryRunOf (choice: EmbedderChoice, cache: string, estimate: Estimate): Promise<TextEmbedder> {
  const log = await openContentLog(join(cache, embeddingFolder(choice)))
  // One that runs on this machine costs nothing.
  const known = (text: string): boolean =>
    choice.model === undefined || log.has(embeddingKey(choice, choice.scope, text))
  return { ...dryEmbedder(choice, choice.model ?? '', known, estimate), close: log.close }
}
