import { IsthmusError } from '../errors.ts'
import { answerOf } from './answer.ts'
import type { ChatModel, Json, PromptValues } from './chat-model.ts'
import { EXTRACTS } from './extracts.ts'
import { promptOf } from './prompts/registry.ts'

/** Makes an answer of one template's form out of its values alone, the same for the same values. */
export type Extract = (values: PromptValues) => Json

/** The id that stands in every artefact whose words no language model wrote. */
export const EXTRACTIVE = 'extractive'

/**
 * A stand-in for a chat model that needs no network, no key and no money: it picks words out of what it is given, by a
 * rule for each template, and understands nothing. It lets every step run from end to end.
 * @param extracts further rules, or others, by the name of the template: those that need a catalogue bring it along
 */
export function extractiveChat (extracts: Readonly<Record<string, Extract>> = {}): ChatModel {
  const rules: ReadonlyMap<string, Extract> = new Map(Object.entries({ ...EXTRACTS, ...extracts }))
  return {
    id: EXTRACTIVE,
    async complete (tasks, { signal, onProgress } = {}) {
      signal?.throwIfAborted()
      const answers = tasks.map(({ template, values }) => {
        const rule = rules.get(template)
        if (rule === undefined) throw new IsthmusError('config_invalid', `chat: extractive has no rule for ${template}`)
        return answerOf(promptOf(template), rule(values))
      })
      onProgress?.(tasks.length)
      return answers
    },
    close: async () => {},
  }
}
