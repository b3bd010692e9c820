import { isDomainName } from '../bundle/domains.ts'
import type { Engine } from '../recommend/engine.ts'
import { Refusal } from './problems.ts'

/**
 * What an item of a domain that the models do not have does: `off`, it is refused, as OPEN_DOMAINS is not set;
 * `unsupported`, it is refused, as one of them answers for its own domains alone; `on`, it opens the domain.
 */
export type NewDomains = 'off' | 'unsupported' | 'on'

/** Each costs memory, and makes its own series of each metric that names domains. */
export const MOST_OPENED = 32

/** Makes sure that an engine has a domain, and resolves to false where it has not and may not or cannot get it. */
export type BringDomain = (
  engine: Pick<Engine, 'domains' | 'opensDomains' | 'openDomain'>, domain: string
) => Promise<boolean>

/** @param allowed whether domains may be opened at all, by callers, other instances and what was stored */
export function domainBringer (allowed: boolean): BringDomain {
  return async (engine, domain) => {
    if (engine.domains.includes(domain)) return true
    if (!allowed || !engine.opensDomains || !isDomainName(domain)) return false
    await engine.openDomain(domain)
    return true
  }
}

/** Of some things that have domains, those whose domain an engine has by then. */
export async function ofBroughtDomains<T extends { readonly domain: string }> (
  bring: BringDomain, engine: Parameters<BringDomain>[0], things: readonly T[]
): Promise<T[]> {
  const there = new Set<string>()
  for (const domain of new Set(things.map((one) => one.domain))) if (await bring(engine, domain)) there.add(domain)
  return things.filter(({ domain }) => there.has(domain))
}

/**
 * Counts what callers open. What other instances have opened meanwhile is taken even where it is more: it has been
 * acknowledged.
 */
export interface DomainQuota {
  /**
   * Holds places for those of the domains that are not there yet, until the returned function is called: two calls at
   * once must not open one too many. Throws a Refusal (`too_many_domains`).
   */
  hold: (domains: readonly string[]) => () => void
}

export function createDomainQuota (
  engine: () => Pick<Engine, 'domains' | 'openedDomains'>, most: number = MOST_OPENED
): DomainQuota {
  const held: string[] = []
  return {
    hold (domains) {
      const { domains: there, openedDomains } = engine()
      const fresh = [...new Set(domains)].filter((domain) => !there.includes(domain))
      if (fresh.length === 0) return () => {}
      if (new Set([...openedDomains, ...held, ...fresh]).size > most) throw new Refusal('too_many_domains')
      held.push(...fresh)
      return () => { for (const domain of fresh) held.splice(held.indexOf(domain), 1) }
    },
  }
}
