import type { GeneralisationForm } from '../../nn/generalisation.ts'
import { choice, integer, number, refuse } from '../setting-checks.ts'
import type { Check } from '../setting-checks.ts'
import type { PresetName, Settings } from '../settings.ts'

/**
 * What llm-recg is set to besides what all systems are: absent in the settings of any other. Lists of domains are names
 * with commas between them. In this system `alpha` is the weight of L_gen.
 */
export interface RecgSettings {
  /** Domains whose events are learnt from; `all`. */
  readonly source: string
  /** Domains that give item texts to L_gen beside the sources; `others` are all that are none, `none`. */
  readonly auxiliary: string
  /** Domains that are asked for without an event of theirs; `others` are all that are no sources. */
  readonly target: string
  /** False: texts of targets stay out of L_gen, so that nothing at all of them is seen. */
  readonly auxIncludesTarget: boolean
  /** Each source counts as so many domains in L_gen, found by k-means of its texts; 1: as itself. */
  readonly subDomains: number
  /** half: learns from one half of the users, and unseen domains are tested on the other. */
  readonly users: 'all' | 'half'

  /** L_intra and L_inter, each a part of L_gen. */
  readonly intra: boolean
  readonly inter: boolean
  /** Of the cosines in both. */
  readonly genTau: number
  readonly genForm: GeneralisationForm
  /** Where L_gen has two domains, which makes L_inter nothing: the distance from the other's centre instead. */
  readonly interFallback: boolean
  /** Items of a domain that L_gen may draw from, chosen once; sources give all they have. */
  readonly auxiliaryItems: number

  /**
   * similarity: what all texts of the sources share is taken out of the projections, and with sasrec a user's vector
   * begins as that of the last item. random: as every other system begins.
   */
  readonly start: 'similarity' | 'random'

  /** How many sequential patterns user vectors are joined with; 0: none. */
  readonly patterns: number
  /** At most so many epochs for W_f, which joins them. */
  readonly fuseEpochs: number
  /** Negatives of each step where `negatives` is perStep. */
  readonly negativesPerStep: number
}

const PRODUCT: RecgSettings = {
  source: 'all',
  auxiliary: 'others',
  target: 'others',
  auxIncludesTarget: true,
  subDomains: 3,
  users: 'all',
  intra: true,
  inter: true,
  genTau: 1,
  genForm: 'mean',
  interFallback: true,
  auxiliaryItems: 1024,
  start: 'similarity',
  patterns: 32,
  fuseEpochs: 5,
  negativesPerStep: 5,
}

/** Values of llm-recg in a preset: its own, and those of all systems that it has otherwise. */
export function recgValues (preset: PresetName): RecgSettings & Partial<Settings> {
  const shared = { globalItems: 'dual', firstInDomain: 'globalOnly', alpha: 0.001, heads: 2 } as const
  // Texts are alike before anything is learnt, and a fast start from noise unlearns that first: without dropout on the
  // projections and at a temperature that does not punish it, validation rises from there.
  if (preset === 'product') return { ...PRODUCT, ...shared, dropout: 0, temperature: 5 }
  return {
    ...PRODUCT,
    ...shared,
    start: 'random',
    genForm: 'printed',
    interFallback: false,
    subDomains: 1,
    width: 256,
    length: 50,
    reduction: 'mean',
    learningRate: 1e-4,
    epochs: 100,
    patience: 10,
  }
}

/** A list of domains, of which `words` have a meaning of their own. */
function names (...words: readonly string[]): Check {
  return (field, value) => {
    if (typeof value === 'string' && value.split(',').every((name) => name.trim() === name && name !== '')) return
    refuse(field, `domains with commas between them${words.map((word) => `, or ${word}`).join('')}`)
  }
}

export const RECG_CHECKS: Record<keyof RecgSettings, Check> = {
  source: names('all'),
  auxiliary: names('others', 'none'),
  target: names('others'),
  auxIncludesTarget: choice(true, false),
  subDomains: integer(1),
  users: choice('all', 'half'),
  intra: choice(true, false),
  inter: choice(true, false),
  genTau: number(1e-6),
  genForm: choice('mean', 'printed'),
  interFallback: choice(true, false),
  auxiliaryItems: integer(1),
  start: choice('similarity', 'random'),
  patterns: integer(0),
  fuseEpochs: integer(1),
  negativesPerStep: integer(1),
}

/** The settings that are llm-recg's own, or undefined for another system. */
export function recgSettings (settings: Settings): RecgSettings | undefined {
  // Every one of them was checked when the settings were resolved.
  return settings.system === 'llm-recg' ? settings as Settings & RecgSettings : undefined
}

/** What only makes sense together. Throws `config_invalid`. */
export function checkRecgTogether (settings: Settings): void {
  const { globalItems, alpha, preset } = settings
  if (preset === 'official') refuse('preset', 'official is the published program of llm4cdsr')
  if (globalItems !== 'dual' && globalItems !== 'projection') refuse('globalItems', 'dual or projection with llm-recg')
  if (globalItems === 'projection' && alpha !== 0) refuse('alpha', 'a single projection has nothing for L_gen')
}

/** Flags of the ablations, by the settings that they stand for. */
export const ABLATIONS = {
  'no-ig': { alpha: 0 },
  'no-id': { intra: false },
  'no-ic': { inter: false },
  'no-sg': { patterns: 0 },
  sem: { globalItems: 'projection', alpha: 0, patterns: 0 },
} as const satisfies Record<string, Partial<RecgSettings> & Partial<Settings>>
