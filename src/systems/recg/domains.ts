import type { Domain } from '../../data/dataset.ts'
import { refuse } from '../setting-checks.ts'
import type { RecgSettings } from './settings.ts'

/** The parts that domains play, by their indices. */
export interface DomainRoles {
  readonly sources: readonly number[]
  readonly targets: readonly number[]
  /** Those that give texts alone to L_gen. */
  readonly auxiliaries: readonly number[]
}

/** Who is who among the domains of a dataset. Throws `config_invalid` for a name that none of them has. */
export function domainRoles (
  { source, auxiliary, target, auxIncludesTarget }: RecgSettings, domains: readonly Domain[]
): DomainRoles {
  const every = [...domains.keys()]
  const named = (field: string, list: string): number[] => list.split(',').map((name) => {
    const found = domains.findIndex((domain) => domain.name === name)
    return found >= 0 ? found : refuse(field, `domains of the dataset: ${domains.map(({ name }) => name).join(', ')}`)
  })
  const sources = source === 'all' ? every : named('source', source)
  const others = every.filter((k) => !sources.includes(k))
  const targets = target === 'others' ? others : named('target', target)
  const given = auxiliary === 'none' ? [] : auxiliary === 'others' ? others : named('auxiliary', auxiliary)
  const auxiliaries = given.filter((k) => !sources.includes(k) && (auxIncludesTarget || !targets.includes(k)))
  return { sources, targets, auxiliaries }
}
