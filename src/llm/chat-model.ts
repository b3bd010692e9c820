/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** What a template is filled with, by name. A template may show less than it is given. */
export type PromptValues = Readonly<Record<string, Json>>

/**
 * One question to a chat model: which template, with what, and on whose account. Everything that decides the answer is
 * in `template` and `values`; `step` and `user` are for the ledger of costs alone.
 */
export interface ChatTask {
  /** The name of a template with its version, e.g. `profile-part/1` (`llm/prompts/`). */
  readonly template: string
  readonly values: PromptValues
  /** The offline step that asks, e.g. `profile`. */
  readonly step: string
  /** The user for whom it is asked; absent where it is for all of them. */
  readonly user?: string
}

/**
 * What a task came to. `value` fits the template's schema. A task without an answer does not end a run: `problem` says
 * why there is none, and the same task is not paid for again.
 */
export type ChatAnswer =
  | { readonly value: Json, readonly problem?: undefined }
  | { readonly value?: undefined, readonly problem: ChatProblem }

/** `unusable`: no answer fitted the schema, also at the second attempt; `refused`: the model or its filter declined. */
export type ChatProblem = 'unusable' | 'refused'

/**
 * Answers questions in words, checked against a schema. Implementations: `llm/extractive-chat.ts` (no network and no
 * language model: picks from the values) and `llm/remote-chat.ts` (any OpenAI-compatible endpoint, behind the content
 * cache). All of them pass `test/llm/chat-model.contract.ts`.
 */
export interface ChatModel {
  /** Written into every artefact that its answers touch: `extractive`, or `openai/<model>`. */
  readonly id: string
  /**
   * One answer per task, in the order asked; an answer depends on its own template and values alone.
   * An aborted signal rejects with the caller's reason. Fails with `config_invalid` (a template that is not known),
   * `chat_failed` (no answer), `chat_bad_response` (not one of a chat endpoint) or `budget_exhausted`;
   * what was answered until then is kept, and the same call goes on from there.
   */
  complete: (tasks: readonly ChatTask[], options?: CompleteOptions) => Promise<ChatAnswer[]>
  close: () => Promise<void>
}

export interface CompleteOptions {
  readonly signal?: AbortSignal
  /** Called as answers come in, with the count so far. */
  readonly onProgress?: (done: number) => void
}
