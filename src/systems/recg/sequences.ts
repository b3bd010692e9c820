import { byDomain } from '../../data/by-domain.ts'
import type { Dataset } from '../../data/dataset.ts'
import { hash32 } from '../../random.ts'
import type { Settings } from '../settings.ts'
import { domainRoles } from './domains.ts'
import { recgSettings } from './settings.ts'
import type { RecgSettings } from './settings.ts'

/**
 * What a system learns from: for llm-recg the sequences of its sources, each domain's own, and with `users: half` those
 * of one half of the users; for any other the dataset itself.
 */
export function trainingSet (dataset: Dataset, settings: Settings): Dataset {
  const own = recgSettings(settings)
  if (own === undefined) return dataset
  const { sources } = domainRoles(own, dataset.domains)
  const learns = halves(dataset, settings, own)
  const name = `train/${own.source}/${own.users}/${settings.seed}`
  return byDomain(dataset, name, (domain, user) => sources.includes(domain) && learns(user))
}

/**
 * What a system is tested on: for llm-recg each domain's own sequences, so that a target is predicted from a history in
 * it by a model that may never have seen an event there; with `users: half` those who taught it are asked for sources
 * only, and the others for all else. Users stand in several domains unless halved. For any other the dataset itself.
 */
export function testSet (dataset: Dataset, settings: Settings): Dataset {
  const own = recgSettings(settings)
  if (own === undefined) return dataset
  if (own.users === 'all') return byDomain(dataset, 'test')
  const { sources } = domainRoles(own, dataset.domains)
  const learns = halves(dataset, settings, own)
  const name = `test/${own.source}/half/${settings.seed}`
  return byDomain(dataset, name, (domain, user) => sources.includes(domain) === learns(user))
}

/** Who is learnt from, by index. The half follows from the user's id and the seed. */
function halves ({ users }: Dataset, { seed }: Settings, own: RecgSettings): (user: number) => boolean {
  return (user) => own.users === 'all' || hash32(`half/${seed}/${users[user]!}`) % 2 === 0
}
