import type { TSchema } from 'typebox'
import type { PromptValues } from '../chat-model.ts'

/**
 * How a question is put to a chat model. Its name with its version is part of every cache key and is written into
 * artefacts: a changed word is a new version. What came from outside goes into the text through `dataBlock` alone.
 */
export interface PromptTemplate {
  readonly name: string
  /** The whole of the prompt: one system and one user message. */
  readonly fill: (values: PromptValues) => Prompt
  /** What an answer looks like; the text of the prompt describes it too, for endpoints that take no schema. */
  readonly answer: TSchema
  /** An answer is cut off after this many tokens. */
  readonly maxTokens: number
}

export interface Prompt {
  readonly system: string
  readonly user: string
}
