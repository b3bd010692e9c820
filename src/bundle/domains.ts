import type { Manifest } from './manifest.ts'

/** Domain names stand in file names, so they are plain. */
export const DOMAIN_NAME = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'

/** Whether `name` is one that a domain may have. */
export function isDomainName (name: string): boolean {
  return new RegExp(DOMAIN_NAME).test(name)
}

/**
 * Whether a bundle answers for domains that it has nothing of: LLM-RecG has no parameter of a domain, so that one
 * encoder and one item map do for all, and was trained for it.
 */
export function takesNewDomains ({ system, encoder }: Pick<Manifest, 'system' | 'encoder'>): boolean {
  return system === 'llm-recg' && encoder.localWidth === 0
}
