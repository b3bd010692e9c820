import type { Domain } from '../../data/dataset.ts'
import type { Settings } from '../settings.ts'
import type { LossTerm, ParameterGroup, Phase, SystemSpec, TextPool, Thread } from '../spec.ts'
import { domainRoles } from './domains.ts'
import type { DomainRoles } from './domains.ts'
import { recgSettings } from './settings.ts'
import type { RecgSettings } from './settings.ts'

/**
 * LLM-RecG (Li et al., RecSys 2025) over these domains: one thread reads items that are texts through two merged
 * projections; source domains alone are learnt from; L_gen keeps the texts of all domains comparable; then patterns of
 * source users are found and joined in. There is no parameter of a domain, an item or a user anywhere.
 */
export function recgSpec (settings: Settings, domains: readonly Domain[], mixed: Thread): SystemSpec {
  const own = recgSettings(settings)!
  const roles = domainRoles(own, domains)
  const pools = textPools(own, roles, domains)
  return {
    name: settings.system,
    items: { global: settings.globalItems, norm: settings.itemNorm },
    threads: [mixed],
    fusion: own.patterns > 0 ? 'pattern' : 'single',
    losses: [
      ...roles.sources.map((domain): LossTerm =>
        ({ name: `rec.${domains[domain]!.name}`, kind: settings.recLoss, on: { domain }, weight: 1 })),
      ...generalisationLosses(settings, own, pools.length),
    ],
    phases: phases(settings, own),
    ...(settings.alpha > 0 && { textPools: pools }),
  }
}

/** L_gen = -alpha L_intra + beta L_inter; what is left of beta beside alpha follows from a step's items. */
function generalisationLosses ({ alpha }: Settings, { intra, inter }: RecgSettings, pools: number): LossTerm[] {
  if (alpha === 0) return []
  const on = { texts: 'pools' } as const
  return [
    ...(intra ? [{ name: 'gen.intra', kind: 'intra', on, weight: -alpha } as const] : []),
    ...(inter && pools > 1 ? [{ name: 'gen.inter', kind: 'inter', on, weight: alpha } as const] : []),
  ]
}

function textPools (
  { subDomains, auxiliaryItems }: RecgSettings, { sources, auxiliaries }: DomainRoles, domains: readonly Domain[]
): TextPool[] {
  return [
    ...sources.flatMap((domain): TextPool[] => {
      const { name, size } = domains[domain]!
      const parts = Math.min(subDomains, size)
      if (parts === 1) return [{ name, domain }]
      return Array.from({ length: parts }, (_, index) => ({ name: `${name}/${index}`, domain, part: { index, of: parts } }))
    }),
    ...auxiliaries.map((domain): TextPool => ({ name: domains[domain]!.name, domain, most: auxiliaryItems })),
  ]
}

/** All but W_f, then W_f alone once there are patterns (our stage 2: the paper says not when W_f is trained). */
function phases ({ itemNorm, epochs, patience }: Settings, { start, patterns, fuseEpochs }: RecgSettings): Phase[] {
  const train: ParameterGroup[] = ['threads', 'items.project', ...(itemNorm === 'unit' ? ['temperature' as const] : [])]
  // A start that recommends by likeness already is kept where no epoch is better.
  const begin = start === 'similarity' ? { begin: 'measured' } as const : undefined
  const first: Phase = { name: 'train', ...begin, train, stop: { epochs, patience } }
  if (patterns === 0) return [first]
  const stop = { epochs: fuseEpochs, patience: Math.min(patience, fuseEpochs) }
  return [first, { name: 'fuse', begin: 'patterns', train: ['fusion.fuse'], stop }]
}
