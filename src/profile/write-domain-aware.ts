import { trainInput } from '../data/augmentation.ts'
import { domainOf, trainPrefix } from '../data/dataset.ts'
import type { Dataset, Domain } from '../data/dataset.ts'
import type { ChatModel } from '../llm/chat-model.ts'
import type { Attributes } from '../llm/item-json.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'
import { REFORM_WORDS } from '../llm/prompts/domain-profile.ts'
import { NOTE_WORDS, PROFILE_WORDS } from '../llm/prompts/profile.ts'
import { leaningOf } from './leanings.ts'
import type { Leaning } from './leanings.ts'
import { partition } from './partition.ts'
import { analyseTask, domainPartTask, reformTask } from './tasks.ts'
import { noteOf, shownItems } from './write-profiles.ts'
import type { UserProfile, WriteOptions } from './write-profiles.ts'

export interface DomainAwareQuestion {
  readonly dataset: Pick<Dataset, 'domains' | 'items' | 'users' | 'offsets' | 'events' | 'augmentation'>
  /** By domain, the cluster of each of its items, fresh ones after those of the catalogue. */
  readonly labels: readonly Int32Array[]
  /** The latest products of a part that are shown. */
  readonly latest: number
  readonly attributes: Attributes
  readonly nouns: ItemPrompt['nouns']
}

interface Part { readonly user: number, readonly domain: number, readonly cluster: number, readonly products: number[] }

/**
 * The profile of every user from their training events, synthetic ones among them, domain by domain (LLM-EDT, 3.4.2):
 * how their choices are spread, said anew by the model once for each case; a note for each cluster of a domain that
 * they touched, with that in mind; one text of under 100 words out of the notes. How choices are spread follows from
 * the real events alone. Words beyond a limit are cut; where the model says nothing anew, the option's own words stand.
 */
export async function writeDomainAwareTexts (
  { dataset, labels, latest, attributes, nouns: byName }: DomainAwareQuestion, chat: ChatModel,
  { signal, onStage, onProgress }: WriteOptions = {}
): Promise<{ profiles: UserProfile[], reforms: ReadonlyMap<string, string> }> {
  const { domains, users } = dataset
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const nouns = domains.map(({ name }) => byName[name] ?? name)
  const shown = shownItems(dataset, attributes)
  const spread = users.map((_, user) => {
    const counts = countByDomain(dataset, user)
    return domains.map((_, k) => leaningOf(counts, nouns, k))
  })
  const parts = users.flatMap((_, user) => partsOf(trainInput(dataset, user), domains, labels, latest)
    .map((part): Part => ({ user, ...part, products: part.products.filter((id) => shown[id - 1] !== undefined) }))
    .filter(({ products }) => products.length > 0))

  const needed = new Map(parts.map(({ user, domain }) => [keyOf(spread[user]![domain]!), spread[user]![domain]!]))
  const reforms = await reform([...needed.values()], chat, { ...options, ...(onStage && { onStage }) })
  const leaning = (user: number, domain: number): string => reforms.get(keyOf(spread[user]![domain]!))!

  onStage?.('parts', parts.length)
  const answers = await chat.complete(parts.map(({ user, domain, products }) =>
    domainPartTask(users[user]!, products.map((id) => shown[id - 1]!), leaning(user, domain))), options)
  const notes: Array<Array<{ domain: number, cluster: number, note: string }>> = users.map(() => [])
  for (const [i, { user, domain, cluster }] of parts.entries()) {
    const note = noteOf(answers[i]!, NOTE_WORDS)
    if (note !== undefined) notes[user]!.push({ domain, cluster, note })
  }

  const told = [...users.keys()].filter((user) => notes[user]!.length > 0)
  onStage?.('profiles', told.length)
  const leanings = (user: number): string[] => [...new Set(notes[user]!.map(({ domain }) => leaning(user, domain)))]
  const wholes = await chat.complete(told.map((user) => {
    const byDomain = nouns.map((kind, k) =>
      ({ kind, notes: notes[user]!.filter(({ domain }) => domain === k).map(({ note }) => note) }))
    return analyseTask(users[user]!, byDomain.filter(({ notes }) => notes.length > 0), leanings(user))
  }), options)
  const profiles = new Map(told.map((user, i) => [user, noteOf(wholes[i]!, PROFILE_WORDS)]))
  return {
    profiles: notes.map((mine, user) => {
      const profile = profiles.get(user)
      return {
        notes: mine.map(({ domain, ...note }) => ({ domain: domains[domain]!.name, ...note })),
        ...(mine.length > 0 && { leanings: leanings(user) }),
        ...(profile !== undefined && { profile }),
      }
    }),
    reforms,
  }
}

/** Each case in the model's words, by its key; in the option's own where the model said nothing usable. */
async function reform (
  cases: readonly Leaning[], chat: ChatModel, { onStage, ...options }: WriteOptions
): Promise<Map<string, string>> {
  onStage?.('reforms', cases.length)
  const answers = await chat.complete(cases.map(reformTask), options)
  return new Map(cases.map((one, i) => [keyOf(one), noteOf(answers[i]!, REFORM_WORDS) ?? one.text]))
}

function keyOf ({ option, larger, smaller }: Leaning): string {
  return JSON.stringify([option, larger, smaller])
}

/** Parts of a history by domain, then by cluster; empty ones are left out. */
function partsOf (
  history: Int32Array, domains: readonly Domain[], labels: readonly Int32Array[], latest: number
): Array<Omit<Part, 'user'>> {
  return domains.flatMap(({ offset, size, fresh }, domain) => {
    const rowOf = (id: number): number => id - 1 - (id > offset + size ? fresh!.offset - size : offset)
    const own = history.filter((id) => domainOf(domains, id) === domain)
    const found = labels[domain]!
    const clusters = found.reduce((a, b) => Math.max(a, b), 0) + 1
    const parts = partition(own.map((id) => rowOf(id) + 1), found, clusters, latest)
    const idOf = (local: number): number => local > size ? fresh!.offset + local - size : offset + local
    return parts.flatMap((part, cluster) =>
      part.length === 0 ? [] : [{ domain, cluster, products: part.map(idOf) }])
  })
}

function countByDomain (dataset: DomainAwareQuestion['dataset'], user: number): number[] {
  const counts = dataset.domains.map(() => 0)
  for (const id of trainPrefix(dataset, user)) counts[domainOf(dataset.domains, id)]!++
  return counts
}
