import { LOCAL_EMBEDDER_ID } from '../encode/local-embedder.ts'
import { textClient } from '../encode/text-client.ts'
import type { Environment } from '../config/service-config.ts'
import { IsthmusError } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { openaiEmbedder, openaiOptions } from '../llm/openai-embedder.ts'
import { type EmbedderGuard, guardEmbedder } from './guard-embedder.ts'

/** Retries are few: a caller waits, and what fails is tried again in the background. */
const RETRIES = 1
const TIMEOUT_MS = 10_000

/** The embedder a bundle was made with, or why it is not to be had: texts of cold items then wait for one that is. */
export interface TextEmbedderChoice {
  readonly embedder: TextEmbedder
  readonly missing?: string
}

/**
 * @param id from the bundle's manifest: the local encoder's, or `openai/<model>/<width>`
 * @param guard of what is asked of an endpoint
 */
export async function openTextEmbedder (
  { id, width }: { readonly id: string, readonly width: number }, env: Environment, guard: EmbedderGuard
): Promise<TextEmbedderChoice> {
  try {
    if (id === LOCAL_EMBEDDER_ID) return { embedder: await textClient() }
    const [kind, ...name] = id.split('/')
    if (kind !== 'openai') throw new IsthmusError('config_invalid', `no embedder here makes vectors of ${id}`)
    const options = openaiOptions({ model: name.slice(0, -1).join('/'), width }, env)
    return { embedder: guardEmbedder(openaiEmbedder({ ...options, retries: RETRIES, timeoutMs: TIMEOUT_MS }), guard) }
  } catch (error) {
    if (!(error instanceof IsthmusError)) throw error
    return { embedder: absent(id, width), missing: error.message }
  }
}

function absent (id: string, width: number): TextEmbedder {
  return {
    id,
    width,
    embed: async () => { throw new IsthmusError('embedder_failed', 'there is no text embedder') },
    close: async () => {},
  }
}
