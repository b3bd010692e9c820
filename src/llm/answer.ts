import { Check } from 'typebox/value'
import type { ChatAnswer, Json } from './chat-model.ts'
import type { PromptTemplate } from './prompts/template.ts'

/** A value as the answer of a template, or none where it does not fit the template's schema. */
export function answerOf (template: PromptTemplate, value: Json | undefined): ChatAnswer {
  return value !== undefined && Check(template.answer, value) ? { value } : { problem: 'unusable' }
}

/** The JSON in what a model said; undefined where there is none. Models like to put it into a block of code. */
export function jsonIn (text: string): Json | undefined {
  const [, block] = /^\s*```(?:json)?\s*\n([^]*?)\n\s*```\s*$/.exec(text) ?? []
  try {
    return JSON.parse(block ?? text) as Json
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
