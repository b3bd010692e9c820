/**
 * Turns item texts into vectors. Implementations: `encode/local-embedder.ts` (all-MiniLM-L6-v2, no network) and
 * `llm/openai-embedder.ts` (any OpenAI-compatible endpoint). All of them pass `test/llm/embedder.contract.ts`.
 */
export interface TextEmbedder {
  /** Written into every artefact: two embedders with one id must give one vector per text. */
  readonly id: string
  /** Length of each vector. */
  readonly width: number
  /**
   * One row per text, in the order asked, row-major [texts.length, width], finite.
   * A row depends on its own text alone. An aborted signal rejects with the caller's reason.
   * Fails with `embedder_failed` (no answer) or `embedding_bad_response` (an answer that cannot be used).
   */
  embed: (texts: readonly string[], options?: EmbedOptions) => Promise<Float32Array>
  close: () => Promise<void>
}

export interface EmbedOptions {
  readonly signal?: AbortSignal
  /** Called as rows become ready, with the count so far. */
  readonly onProgress?: (done: number) => void
}
