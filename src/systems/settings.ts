import type { MaskMode } from '../nn/ops.ts'
import { checkEdtTogether, EDT_CHECKS, edtValues } from './edt/settings.ts'
import type { EdtSettings } from './edt/settings.ts'
import { checkRecgTogether, RECG_CHECKS, recgValues } from './recg/settings.ts'
import type { RecgSettings } from './recg/settings.ts'
import { choice, integer, number, oneOf, refuse } from './setting-checks.ts'
import type { Check } from './setting-checks.ts'

export const SYSTEM_NAMES = [
  'llm4cdsr', 'llm-edt', 'llm-recg', 'sasrec-ids', 'sasrec-text', 'gru4rec', 'bert4rec',
] as const
export type SystemName = typeof SYSTEM_NAMES[number]

/** What reads a sequence. */
export const BACKBONES = ['sasrec', 'gru4rec', 'bert4rec'] as const
export type Backbone = typeof BACKBONES[number]

/** product: ours. paper: the equations as printed. official: the published program, for comparison only. */
export const PRESET_NAMES = ['product', 'paper', 'official'] as const
export type PresetName = typeof PRESET_NAMES[number]

/** Every value that decides what is trained: plain JSON, stored whole in the manifest of a run. */
export interface Settings extends Partial<RecgSettings>, Partial<EdtSettings> {
  readonly system: SystemName
  readonly preset: PresetName
  readonly seed: number

  /** Of every thread; gru4rec and bert4rec are systems of their own as well, over ids. */
  readonly backbone: Backbone
  /** Width d of each half of an item vector. */
  readonly width: number
  readonly layers: number
  /** Of attention; gru4rec has none. */
  readonly heads: number
  /** L, the longest input kept. */
  readonly length: number
  /** What a step of sasrec sees; gru4rec is causal_pad by its nature, bert4rec pad. */
  readonly maskMode: MaskMode
  /** Item vectors are multiplied by this before they enter the mixed thread; local threads use sqrt(width). */
  readonly embScale: number
  /**
   * Where the global half comes from: adapted text, a table over ids, or their sum; in llm-recg two projections of the
   * text, merged, or one alone.
   */
  readonly globalItems: 'text' | 'ids' | 'textAndIds' | 'dual' | 'projection'
  readonly localInit: 'pca' | 'random'
  readonly trainLocal: boolean
  /** unit: item and user vectors have length 1, and logits a learned temperature. */
  readonly itemNorm: 'unit' | 'none'
  /** Starting factor of the logits where itemNorm is unit. */
  readonly temperature: number
  /** The local half of a user without events in the domain: zero, or what the last LayerNorm makes of nothing. */
  readonly emptyLocal: 'zero' | 'bias'

  /** Steps whose target is the first item of its domain: trained with the global logit alone, or left out. */
  readonly firstInDomain: 'globalOnly' | 'drop'
  /** bert4rec: the share of a sequence's steps that are hidden at random, to be found. */
  readonly hiddenShare: number
  readonly recLoss: 'softmax' | 'bpr' | 'bce'
  readonly reduction: 'mean' | 'sum'
  /**
   * shared: `sharedNegatives` a batch, split over the domains by size. perStep: one of the target's domain, not in the
   * user's training events. published: two unrelated items, as the published program draws them.
   */
  readonly negatives: 'shared' | 'perStep' | 'published'
  readonly sharedNegatives: number
  readonly contrastive: 'dcl' | 'infonce' | 'soft'
  /** Weight and temperature of L_reg; 0 leaves the term out. */
  readonly alpha: number
  readonly gamma: number
  /** Weight of L_profile, which needs user profiles; without them only 0 is possible. */
  readonly beta: number
  /** Temperature of L_profile; absent where beta is 0. */
  readonly tau?: number

  readonly dropout: number
  readonly learningRate: number
  readonly batchSize: number
  readonly epochs: number
  /** Epochs without a better validation NDCG@10 before training stops. */
  readonly patience: number
}

/** Settings that one system alone has. */
type Own = keyof RecgSettings | keyof EdtSettings
type Values = Omit<Settings, 'system' | 'preset' | 'embScale' | 'tau' | Own>

const PRODUCT: Values = {
  seed: 42,
  backbone: 'sasrec',
  width: 128,
  layers: 2,
  heads: 1,
  length: 50,
  maskMode: 'causal_pad',
  globalItems: 'textAndIds',
  localInit: 'pca',
  trainLocal: true,
  itemNorm: 'unit',
  temperature: 10,
  emptyLocal: 'zero',
  firstInDomain: 'globalOnly',
  hiddenShare: 0.2,
  recLoss: 'softmax',
  reduction: 'mean',
  negatives: 'shared',
  sharedNegatives: 2048,
  contrastive: 'dcl',
  alpha: 0.1,
  gamma: 1,
  beta: 0,
  dropout: 0.3,
  learningRate: 0.001,
  batchSize: 128,
  epochs: 60,
  patience: 6,
}

/** Where there are profiles; the published scripts have 0.1 or 1. */
const PROFILED = { beta: 0.1, tau: 1 }

const PAPER: Partial<Values> = {
  length: 200,
  globalItems: 'text',
  itemNorm: 'none',
  firstInDomain: 'drop',
  recLoss: 'bpr',
  reduction: 'sum',
  negatives: 'perStep',
  dropout: 0.5,
  learningRate: 0.01,
  epochs: 200,
  patience: 20,
}

const OFFICIAL: Partial<Values> = {
  ...PAPER,
  maskMode: 'none',
  trainLocal: false,
  emptyLocal: 'bias',
  recLoss: 'bce',
  reduction: 'mean',
  negatives: 'published',
  contrastive: 'soft',
  learningRate: 0.001,
}

const PRESETS: Record<PresetName, Partial<Values>> = { product: {}, paper: PAPER, official: OFFICIAL }

/** What a single-thread system fixes whatever the preset: no local half, no pairs, nothing that is first. */
const SINGLE: Partial<Values> = { alpha: 0, firstInDomain: 'globalOnly' }

const SYSTEMS: Record<SystemName, Partial<Values>> = {
  llm4cdsr: {},
  'llm-edt': {},
  'llm-recg': {},
  'sasrec-ids': { ...SINGLE, globalItems: 'ids' },
  'sasrec-text': { ...SINGLE, globalItems: 'text' },
  gru4rec: { ...SINGLE, globalItems: 'ids', backbone: 'gru4rec' },
  bert4rec: { ...SINGLE, globalItems: 'ids', backbone: 'bert4rec' },
}

/** What differs from the preset with another backbone. */
const BACKBONE_VALUES: Record<Backbone, Partial<Values>> = {
  sasrec: {},
  gru4rec: { layers: 1, maskMode: 'causal_pad' },
  bert4rec: { maskMode: 'pad' },
}

/**
 * All values of a run: the preset, what the backbone and the system fix, then `overrides`.
 * @param profiles whether there are user profiles to align with
 * @throws config_invalid, naming the field, for an unknown name, a wrong type or a value out of range.
 */
export function resolveSettings (
  system: string, preset: string, textWidth: number, overrides: Readonly<Record<string, unknown>> = {}, profiles = false
): Settings {
  const base = {
    system: oneOf('system', system, SYSTEM_NAMES), preset: oneOf('preset', preset, PRESET_NAMES),
  }
  const backbone = oneOf('backbone', overrides.backbone ?? SYSTEMS[base.system].backbone ?? 'sasrec', BACKBONES)
  const values: Values = {
    ...PRODUCT,
    ...PRESETS[base.preset],
    ...(base.system === 'llm-recg' && recgValues(base.preset)),
    ...(base.system === 'llm-edt' && edtValues(base.preset, profiles)),
    ...BACKBONE_VALUES[backbone],
    ...SYSTEMS[base.system],
    backbone,
  }
  const aligned = profiles && base.system === 'llm4cdsr' && overrides.beta !== 0
  const settings: Record<string, unknown> = { ...base, ...values, embScale: 0, ...(aligned && PROFILED) }
  for (const [name, value] of Object.entries(overrides)) {
    if (!(name in settings) || name in base) refuse(name, 'no setting of this name')
    settings[name] = value
  }
  if (!('embScale' in overrides)) {
    settings.embScale = Math.sqrt(base.preset === 'official' ? textWidth : Number(settings.width))
  }
  const checks = {
    ...CHECKS, ...(base.system === 'llm-recg' && RECG_CHECKS), ...(base.system === 'llm-edt' && EDT_CHECKS),
  }
  for (const [name, check] of Object.entries(checks)) if (name !== 'tau' || aligned) check(name, settings[name])
  // Every field has passed its check.
  const checked = settings as unknown as Settings
  checkTogether(checked, profiles)
  if (checked.localInit === 'pca' && checked.system === 'llm4cdsr' && checked.width > textWidth) {
    refuse('width', `at most the width of the text embeddings (${textWidth}) where localInit is pca`)
  }
  return checked
}

const CHECKS: Record<Exclude<keyof Settings, 'system' | 'preset' | Own>, Check> = {
  seed: integer(0),
  backbone: choice(...BACKBONES),
  width: integer(2),
  layers: integer(1),
  heads: integer(1),
  length: integer(1),
  maskMode: choice('causal_pad', 'pad', 'causal', 'none'),
  embScale: number(0),
  globalItems: choice('text', 'ids', 'textAndIds', 'dual', 'projection'),
  localInit: choice('pca', 'random'),
  trainLocal: choice(true, false),
  itemNorm: choice('unit', 'none'),
  temperature: number(1e-3),
  emptyLocal: choice('zero', 'bias'),
  firstInDomain: choice('globalOnly', 'drop'),
  hiddenShare: number(0, 0.95),
  recLoss: choice('softmax', 'bpr', 'bce'),
  reduction: choice('mean', 'sum'),
  negatives: choice('shared', 'perStep', 'published'),
  sharedNegatives: integer(1),
  contrastive: choice('dcl', 'infonce', 'soft'),
  alpha: number(0),
  gamma: number(1e-6),
  beta: number(0),
  tau: number(1e-6),
  dropout: number(0, 0.95),
  learningRate: number(0),
  batchSize: integer(1),
  epochs: integer(1),
  patience: integer(1),
}

function checkTogether (settings: Settings, profiles: boolean): void {
  const { system, preset, width, heads, recLoss, negatives, itemNorm, beta, alpha, emptyLocal } = settings
  const published = system === 'llm4cdsr' || system === 'llm-edt'
  if (preset === 'official' && !published) refuse('preset', 'official is the published program of llm4cdsr or llm-edt')
  if (width % heads !== 0) refuse('heads', `must divide width (${width})`)
  if ((recLoss === 'softmax') !== (negatives === 'shared')) refuse('negatives', 'softmax, and only softmax, shares them')
  if (itemNorm === 'unit' && (negatives === 'published' || emptyLocal === 'bias')) {
    refuse('itemNorm', 'the published halves are not normalised together')
  }
  if (system === 'llm-recg') checkRecgTogether(settings)
  else if (system === 'llm-edt') checkEdtTogether(settings, profiles)
  else if (settings.globalItems === 'dual' || settings.globalItems === 'projection') {
    refuse('globalItems', `${system} has an adapter`)
  } else if (system !== 'llm4cdsr' && alpha !== 0) refuse('alpha', `${system} has no pairs of domains`)
  if (!published && negatives === 'published') refuse('negatives', `${system} has one half only`)
  if (beta !== 0 && system !== 'llm4cdsr') refuse('beta', `${system} is trained without profiles`)
  if (beta !== 0 && !profiles) refuse('beta', 'there are no user profiles to align with')
  checkBackbone(settings)
}

function checkBackbone ({ system, preset, backbone, maskMode, emptyLocal, negatives }: Settings): void {
  if (preset === 'official' && backbone !== 'sasrec') refuse('backbone', 'the published program has sasrec')
  const fixed = SYSTEMS[system].backbone
  if (fixed !== undefined && fixed !== backbone) refuse('backbone', `${system} has its own`)
  const own = BACKBONE_VALUES[backbone].maskMode ?? (system === 'llm4cdsr' || system === 'llm-edt' ? undefined : 'causal_pad')
  if (own !== undefined && maskMode !== own) refuse('maskMode', `${system} with ${backbone} is trained with ${own}`)
  if (backbone === 'sasrec' && maskMode === 'pad') refuse('maskMode', 'sasrec is to find the step that it would see')
  if (backbone !== 'sasrec' && emptyLocal === 'bias') refuse('emptyLocal', `${backbone} has no bias for it`)
  if (backbone === 'bert4rec' && negatives === 'published') refuse('negatives', 'a hidden step has no input')
}

/** The most epochs that training takes, over all of its phases. */
export function mostEpochs ({ epochs, dft = false, dftEpochs = 0, patterns = 0, fuseEpochs = 0 }: Settings): number {
  return epochs + (dft ? dftEpochs : 0) + (patterns > 0 ? fuseEpochs : 0)
}

/** Whether a user's vector is the same whatever the amount of padding: batches are trimmed, and it can be served. */
export function isPaddingFree ({ maskMode }: Settings): boolean {
  return maskMode === 'causal_pad' || maskMode === 'pad'
}
