import { IsthmusError } from '../../errors.ts'
import { ANALYSE, DOMAIN_PART, REFORM } from './domain-profile.ts'
import { GENERATE } from './generate.ts'
import { PROFILE_HISTORY, PROFILE_PART, PROFILE_WHOLE } from './profile.ts'
import type { PromptTemplate } from './template.ts'

/** Every template there is. A name stays with its words for good; what changes gets the next number. */
export const PROMPTS: readonly PromptTemplate[] = [
  PROFILE_PART, PROFILE_WHOLE, PROFILE_HISTORY, DOMAIN_PART, REFORM, ANALYSE, GENERATE,
]

const BY_NAME = new Map(PROMPTS.map((prompt) => [prompt.name, prompt]))

/** @throws config_invalid where no template has the name */
export function promptOf (name: string): PromptTemplate {
  const prompt = BY_NAME.get(name)
  if (prompt === undefined) throw new IsthmusError('config_invalid', `there is no prompt template "${name}"`)
  return prompt
}
