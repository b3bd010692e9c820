import type { ChatTask, Json } from '../llm/chat-model.ts'
import { ANALYSE, DOMAIN_PART, REFORM } from '../llm/prompts/domain-profile.ts'
import { PROFILE_HISTORY, PROFILE_PART, PROFILE_WHOLE } from '../llm/prompts/profile.ts'
import type { Leaning } from './leanings.ts'
import { PROFILE } from './profiles.ts'

/** What is asked with, versions and all: kept in manifests. */
export const PROFILE_TEMPLATES = [PROFILE_PART.name, PROFILE_WHOLE.name, PROFILE_HISTORY.name]
export const DOMAIN_AWARE_TEMPLATES = [REFORM.name, DOMAIN_PART.name, ANALYSE.name]

/** The question for one part of a user's history. */
export function partTask (user: string, products: readonly Json[]): ChatTask {
  return { template: PROFILE_PART.name, values: { products }, step: PROFILE, user }
}

/** The question for a user's whole history at once. */
export function historyTask (user: string, products: readonly Json[]): ChatTask {
  return { template: PROFILE_HISTORY.name, values: { products }, step: PROFILE, user }
}

/** The question that makes one profile of a user's notes. */
export function wholeTask (user: string, notes: readonly string[]): ChatTask {
  return { template: PROFILE_WHOLE.name, values: { notes }, step: PROFILE, user }
}

/** One of the five options to be said anew, for all users of whom it holds. */
export function reformTask ({ text, larger, smaller }: Leaning): ChatTask {
  return { template: REFORM.name, values: { option: text, larger, smaller }, step: PROFILE }
}

/** The question for one part of a user's history in one domain. */
export function domainPartTask (user: string, products: readonly Json[], leaning: string): ChatTask {
  return { template: DOMAIN_PART.name, values: { products, leaning }, step: PROFILE, user }
}

/** The question that makes one profile of the notes on every domain. */
export function analyseTask (
  user: string, domains: ReadonlyArray<{ readonly kind: string, readonly notes: readonly string[] }>,
  leanings: readonly string[]
): ChatTask {
  return { template: ANALYSE.name, values: { domains, leanings }, step: PROFILE, user }
}
