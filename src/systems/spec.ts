import type { Domain } from '../data/dataset.ts'
import type { BottleneckForm } from '../nn/bottleneck.ts'
import { edtSpec } from './edt/spec.ts'
import { recgSpec } from './recg/spec.ts'
import type { Backbone, Settings } from './settings.ts'

/**
 * A system is data: how items get their vectors, which threads read a history, how their outputs become one user
 * vector, and what training asks of it. The interpreters are `item-tower.ts`, `encode-user.ts` and `src/train`.
 */
export interface SystemSpec {
  readonly name: string
  readonly items: ItemTower
  readonly threads: readonly Thread[]
  /**
   * concat: [mixed ; local thread of the asked domain]. sum: the two added. domain: the second alone, for
   * training. single: the mixed thread alone. pattern: the mixed thread joined with patterns that it is like.
   */
  readonly fusion: 'concat' | 'sum' | 'domain' | 'single' | 'pattern'
  readonly losses: readonly LossTerm[]
  readonly phases: readonly Phase[]
  /** What L_gen of LLM-RecG compares: domains, or parts of them, by their items' texts. */
  readonly textPools?: readonly TextPool[]
}

/** Some items of one domain. */
export interface TextPool {
  readonly name: string
  readonly domain: number
  /** One of so many parts that k-means of the texts makes; absent: the whole domain. */
  readonly part?: { readonly index: number, readonly of: number }
  /** At most so many items, chosen once. */
  readonly most?: number
}

/** Item vector = [global half ; local half], each of width d, or the global half alone. */
export interface ItemTower {
  readonly global: Settings['globalItems']
  readonly local?: { readonly init: 'pca' | 'random', readonly train: boolean }
  readonly norm: 'unit' | 'none'
}

/**
 * One backbone reading one sequence through one half of the item vectors. `name` prefixes its weights: threads of one
 * name share them.
 */
export interface Thread {
  readonly name: string
  /** All events, or those of the domain with this index. */
  readonly input: 'mixed' | number
  readonly view: 'global' | 'local'
  readonly backbone: Backbone
  /** Factor on the item vectors before positions are added. */
  readonly scale: number
  /** What its outputs go through, and where its weights stand. */
  readonly out?: { readonly name: string, readonly form: BottleneckForm }
}

export interface LossTerm {
  /** The name in logs. */
  readonly name: string
  readonly kind: 'softmax' | 'bpr' | 'bce' | 'dcl' | 'infonce' | 'soft' | 'intra' | 'inter'
  /**
   * Steps whose target lies in the domain with this index, pairs of items over these two domains, the last steps of
   * users beside their profiles, or the texts of `spec.textPools`.
   */
  readonly on:
    { readonly domain: number } | { readonly pair: readonly [number, number] } | { readonly users: 'profiled' } |
    { readonly texts: 'pools' }
  readonly weight: number
}

/** Groups of weights, by the prefix of their names. */
export type ParameterGroup =
  'items.adapter' | 'items.project' | 'items.ids' | 'items.local' | 'threads' | 'temperature' | 'fusion.fuse' |
  'user.adapter' | 'adapters'

export interface Phase {
  readonly name: string
  /**
   * patterns: before it begins, k-means of source users' vectors fills the patterns. measured: what it starts with is
   * validated, and counts as its epoch 0.
   */
  readonly begin?: 'patterns' | 'measured'
  /** What moves; all else is frozen. */
  readonly train: readonly ParameterGroup[]
  /** Ends after so many epochs, or `patience` epochs without a better validation NDCG@10. */
  readonly stop: { readonly epochs: number, readonly patience: number }
  /** A part of the system, as if there were no other: the mixed thread, some losses. */
  readonly only?: { readonly thread?: 'mixed', readonly losses: readonly string[], readonly fusion?: 'domain' }
  /** Absent: Adam at the `learningRate` of the settings. */
  readonly optimiser?: PhaseOptimiser
  /** Of the parts that are frozen; absent: as in the settings. */
  readonly dropout?: number
}

/** AdamW with a bound on the norm of a step's gradients, and a rate that is halved where validation stands still. */
export interface PhaseOptimiser {
  readonly learningRate: number
  readonly weightDecay: number
  readonly clip: number
  /** Epochs without a better validation. */
  readonly halveAfter: number
}

/** What a phase makes of the system: trained with `fusion` of its own where it has one, and asked with the system's. */
export function phaseSpec (spec: SystemSpec, { only }: Phase, use: 'train' | 'ask'): SystemSpec {
  if (only === undefined) return spec
  const losses = spec.losses.filter(({ name }) => only.losses.includes(name))
  if (only.thread === 'mixed') return { ...spec, threads: [spec.threads[0]!], fusion: 'single', losses }
  return { ...spec, losses, fusion: use === 'train' ? only.fusion ?? spec.fusion : spec.fusion }
}

/** The system that `settings` describe, over these domains. */
export function systemSpec (settings: Settings, domains: readonly Domain[]): SystemSpec {
  const { backbone } = settings
  const mixed: Thread = { name: 'threads.mixed', input: 'mixed', view: 'global', backbone, scale: settings.embScale }
  const triThread = settings.system === 'llm4cdsr'
  if (settings.system === 'llm-recg') return recgSpec(settings, domains, mixed)
  if (settings.system === 'llm-edt') return edtSpec(settings, domains, mixed)
  const locals = domains.map(({ name }, k): Thread =>
    ({ name: `threads.local.${name}`, input: k, view: 'local', backbone, scale: Math.sqrt(settings.width) }))
  return {
    name: settings.system,
    items: {
      global: settings.globalItems,
      ...(triThread && { local: { init: settings.localInit, train: settings.trainLocal } }),
      norm: settings.itemNorm,
    },
    threads: triThread ? [mixed, ...locals] : [mixed],
    fusion: triThread ? 'concat' : 'single',
    losses: [
      ...recommendationLosses(settings, domains), ...pairLosses(settings, domains), ...profileLosses(settings),
    ],
    phases: [jointPhase(settings, triThread)],
  }
}

/** Whether item vectors are made from texts, and whether from a table over ids. */
export function readsTexts ({ global }: ItemTower): boolean {
  return global !== 'ids'
}

export function readsIds ({ global }: ItemTower): boolean {
  return global === 'ids' || global === 'textAndIds'
}

/** The thread that answers for one domain, beside the mixed one. */
export function localThread (spec: SystemSpec, domain: number): Thread | undefined {
  return spec.threads.find(({ input }) => input === domain)
}

/** Whether there is a thread for each domain beside the mixed one. */
export function hasLocals ({ fusion }: Pick<SystemSpec, 'fusion'>): boolean {
  return fusion === 'concat' || fusion === 'sum' || fusion === 'domain'
}

function recommendationLosses (settings: Settings, domains: readonly Domain[]): LossTerm[] {
  return domains.map(({ name }, domain) => ({ name: `rec.${name}`, kind: settings.recLoss, on: { domain }, weight: 1 }))
}

/** L_reg over every unordered pair of domains (LLM4CDSR Eq. 6). */
function pairLosses (settings: Settings, domains: readonly Domain[]): LossTerm[] {
  if (settings.alpha === 0) return []
  return domains.flatMap((first, a) => domains.slice(a + 1).map((second, i): LossTerm => ({
    name: `reg.${first.name}.${second.name}`,
    kind: settings.contrastive,
    on: { pair: [a, a + 1 + i] },
    weight: settings.alpha,
  })))
}

/** L_profile between what the mixed thread makes of a user and the adapted text of the profile (LLM4CDSR Eq. 7). */
function profileLosses ({ beta, contrastive }: Settings): LossTerm[] {
  return beta === 0 ? [] : [{ name: 'profile', kind: contrastive, on: { users: 'profiled' }, weight: beta }]
}

function jointPhase (settings: Settings, triThread: boolean): Phase {
  const train: ParameterGroup[] = ['threads']
  if (settings.globalItems !== 'ids') train.push('items.adapter')
  if (settings.globalItems !== 'text') train.push('items.ids')
  if (triThread && settings.trainLocal) train.push('items.local')
  if (settings.itemNorm === 'unit') train.push('temperature')
  if (settings.beta !== 0) train.push('user.adapter')
  return {
    name: 'joint',
    train,
    stop: { epochs: settings.epochs, patience: settings.patience },
  }
}
