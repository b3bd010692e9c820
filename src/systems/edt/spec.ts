import type { Domain } from '../../data/dataset.ts'
import type { Settings } from '../settings.ts'
import type { LossTerm, ParameterGroup, Phase, SystemSpec, Thread } from '../spec.ts'
import { edtSettings } from './settings.ts'
import type { EdtSettings } from './settings.ts'

/** Where the adapters of the second phase stand among weights, one a domain. */
export const ADAPTERS = 'adapters'

/**
 * LLM-EDT (KDD 2026) over these domains: items are adapted texts, one thread reads all events, and the same backbone
 * reads the events of one domain, with an adapter after it; a user is the sum of both (Eq. 11). All but the adapters is
 * learnt first, with users aligned to their profiles (Eq. 14), then the adapters alone (Eq. 12).
 */
export function edtSpec (settings: Settings, domains: readonly Domain[], mixed: Thread): SystemSpec {
  const own = edtSettings(settings)!
  const recommendation = domains.map(({ name }, domain): LossTerm =>
    ({ name: `rec.${name}`, kind: settings.recLoss, on: { domain }, weight: 1 }))
  const alignment = settings.alpha === 0
    ? []
    : [{ name: 'align', kind: settings.contrastive, on: { users: 'profiled' }, weight: settings.alpha } as const]
  return {
    name: settings.system,
    items: { global: settings.globalItems, norm: settings.itemNorm },
    threads: own.dft ? [mixed, ...domains.map(({ name }, k) => domainThread(mixed, own, name, k))] : [mixed],
    fusion: own.dft ? 'sum' : 'single',
    losses: [...recommendation, ...alignment],
    phases: phases(settings, own, recommendation.map(({ name }) => name)),
  }
}

/** The mixed thread's backbone, positions and scale, over one domain's events. */
function domainThread (mixed: Thread, { adapterForm }: EdtSettings, domain: string, k: number): Thread {
  return { ...mixed, input: k, out: { name: `${ADAPTERS}.${domain}`, form: adapterForm } }
}

function phases (
  { globalItems, itemNorm, alpha, epochs, patience }: Settings, own: EdtSettings, recommendation: readonly string[]
): Phase[] {
  const first: ParameterGroup[] = ['threads', 'items.adapter']
  if (globalItems === 'textAndIds') first.push('items.ids')
  if (itemNorm === 'unit') first.push('temperature')
  const aligned = (phase: 1 | 2): boolean => alpha > 0 && own.alignPhase === phase
  if (aligned(1)) first.push('user.adapter')
  const pretrain: Phase = {
    name: 'pretrain',
    train: first,
    stop: { epochs, patience },
    only: { thread: 'mixed', losses: [...recommendation, ...(aligned(1) ? ['align'] : [])] },
  }
  if (!own.dft) return [pretrain]
  return [pretrain, {
    name: 'finetune',
    begin: 'measured',
    train: aligned(2) ? ['adapters', 'user.adapter'] : ['adapters'],
    stop: { epochs: own.dftEpochs, patience: own.dftPatience },
    only: {
      losses: [...recommendation, ...(aligned(2) ? ['align'] : [])],
      ...(own.dftLoss === 'domain' && { fusion: 'domain' }),
    },
    optimiser: {
      learningRate: own.dftLearningRate,
      weightDecay: own.dftWeightDecay,
      clip: own.dftClip,
      halveAfter: own.dftHalveAfter,
    },
    dropout: own.dftDropout,
  }]
}
