import type { BottleneckForm } from '../../nn/bottleneck.ts'
import { choice, integer, number, refuse } from '../setting-checks.ts'
import type { Check } from '../setting-checks.ts'
import type { PresetName, Settings } from '../settings.ts'

/**
 * What llm-edt is set to besides what all systems are: absent in the settings of any other. In this system `alpha` is
 * the weight of L_align (Eq. 14), and `learningRate`, `dropout`, `epochs` and `patience` are those of the first phase.
 */
export interface EdtSettings {
  /** False: the first phase alone, whose user vectors are those of the mixed thread. */
  readonly dft: boolean
  readonly adapterForm: BottleneckForm
  /** Width between the two layers of an adapter. */
  readonly adapterSize: number
  /** zero: the second phase starts, with the linear form, exactly at the first one's ranking. */
  readonly adapterStart: 'zero' | 'random'
  /** Between the layers of the residualRelu form. */
  readonly adapterDropout: number
  /** Temperature of L_align, and the phase that it acts in. Not the threshold that the paper calls tau as well. */
  readonly alignTau: number
  readonly alignPhase: 1 | 2
  /** Of SASRec's layers; geluHalf is the published program's. */
  readonly ffn: 'relu' | 'geluHalf'
  /** What the second phase's loss scores with: both vectors added, or the domain's own alone. */
  readonly dftLoss: 'sum' | 'domain'

  readonly dftLearningRate: number
  readonly dftWeightDecay: number
  /** Largest norm of all gradients of a step together. */
  readonly dftClip: number
  /** Epochs without a better validation before the rate is halved. */
  readonly dftHalveAfter: number
  /** Of the frozen parts while adapters learn; 0 shows them what they are asked with. */
  readonly dftDropout: number
  readonly dftEpochs: number
  readonly dftPatience: number

  /** False: events that augmentation put into histories are left out again. */
  readonly aug: boolean
  /** Whether events that augmentation put into a history are to be predicted, and not only read. */
  readonly augTargets: boolean
}

const PRODUCT: EdtSettings = {
  dft: true,
  adapterForm: 'linear',
  adapterSize: 64,
  adapterStart: 'zero',
  adapterDropout: 0.3,
  alignTau: 1,
  alignPhase: 1,
  ffn: 'relu',
  dftLoss: 'sum',
  dftLearningRate: 1e-4,
  dftWeightDecay: 0.01,
  dftClip: 0.1,
  dftHalveAfter: 5,
  dftDropout: 0.3,
  dftEpochs: 30,
  dftPatience: 6,
  aug: true,
  augTargets: true,
}

/** L_align where there are profiles and nothing is asked: ours, and the paper's best on Cloth (Fig. 5). */
const ALPHA: Record<PresetName, number> = { product: 0.1, paper: 0.7, official: 0.7 }

const PUBLISHED = {
  heads: 2,
  batchSize: 512,
  learningRate: 0.001,
  epochs: 300,
  patience: 25,
  dftEpochs: 300,
  dftPatience: 20,
  dftDropout: 0.5,
} as const

/** Values of llm-edt in a preset: its own, and those of all systems that it has otherwise. */
export function edtValues (preset: PresetName, profiles: boolean): EdtSettings & Partial<Settings> {
  const shared = { globalItems: 'text', alpha: profiles ? ALPHA[preset] : 0, beta: 0 } as const
  if (preset === 'product') return { ...PRODUCT, ...shared, heads: 2 }
  if (preset === 'paper') return { ...PRODUCT, ...shared, ...PUBLISHED, adapterStart: 'random' }
  return {
    ...PRODUCT,
    ...shared,
    ...PUBLISHED,
    adapterForm: 'residualRelu',
    adapterStart: 'random',
    alignPhase: 2,
    ffn: 'geluHalf',
    dftLoss: 'domain',
  }
}

export const EDT_CHECKS: Record<keyof EdtSettings, Check> = {
  dft: choice(true, false),
  adapterForm: choice('linear', 'residualRelu'),
  adapterSize: integer(1),
  adapterStart: choice('zero', 'random'),
  adapterDropout: number(0, 0.95),
  alignTau: number(1e-6),
  alignPhase: choice(1, 2),
  ffn: choice('relu', 'geluHalf'),
  dftLoss: choice('sum', 'domain'),
  dftLearningRate: number(0),
  dftWeightDecay: number(0),
  dftClip: number(1e-9),
  dftHalveAfter: integer(1),
  dftDropout: number(0, 0.95),
  dftEpochs: integer(1),
  dftPatience: integer(1),
  aug: choice(true, false),
  augTargets: choice(true, false),
}

/** The settings that are llm-edt's own, or undefined for another system. */
export function edtSettings (settings: Settings): EdtSettings | undefined {
  // Every one of them was checked when the settings were resolved.
  return settings.system === 'llm-edt' ? settings as Settings & EdtSettings : undefined
}

/** What only makes sense together. Throws `config_invalid`. */
export function checkEdtTogether (settings: Settings, profiles: boolean): void {
  const { globalItems, alpha, backbone, itemNorm, negatives } = settings
  const { dft, alignPhase, ffn, dftLoss } = edtSettings(settings)!
  if (globalItems !== 'text' && globalItems !== 'textAndIds') refuse('globalItems', 'text or textAndIds with llm-edt')
  if (alpha !== 0 && !profiles) refuse('alpha', 'there are no user profiles to align with')
  if (alpha !== 0 && alignPhase === 2 && !dft) refuse('alignPhase', 'there is no second phase')
  if (ffn === 'geluHalf' && backbone !== 'sasrec') refuse('ffn', `${backbone} has its own`)
  if (dft && negatives === 'published' && dftLoss === 'sum') refuse('dftLoss', 'domain where negatives are published')
  if (dftLoss === 'domain' && itemNorm === 'unit') refuse('dftLoss', 'the published halves are not normalised together')
}

/** Flags of the ablations, by the settings that they stand for. */
export const ABLATIONS = {
  'no-aug': { aug: false },
  'no-dft': { dft: false },
  'no-profiling': { alpha: 0 },
} as const satisfies Record<string, Partial<EdtSettings> & Partial<Settings>>
