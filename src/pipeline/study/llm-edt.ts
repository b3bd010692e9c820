import { CONTESTANTS, EDT as CONTESTANT, epochsOf, OURS, withSettings } from '../cells/contestants.ts'
import type { Contestant } from '../cells/contestants.ts'
import { DEFAULT_AUGMENT } from '../augment-settings.ts'
import { baselines } from '../results/baselines.ts'
import type { TrainSettings } from '../train-settings.ts'
import { EDT_TABLES } from './llm-edt-paper.ts'
import type { StudyOrder } from './llm4cdsr.ts'
import type { Section, Study, StudyInput, StudyRow } from './study.ts'
import { WHOLE } from './study.ts'

/** Synthetic events as `augment` makes them, and profiles that are weighed over domains. */
export const EDT_INPUT: StudyInput = { ...WHOLE, augment: { name: 'all', settings: {} }, profiles: 'aware' }
/** The same without synthetic events. */
export const RAW_INPUT: StudyInput = { ...WHOLE, profiles: 'aware' }
/** The row of the ablations that is trained on `RAW_INPUT`. */
export const WITHOUT_AUGMENTATION = 'without augmentation'

/** The system that the study is of. */
export const EDT = CONTESTANT.name
const AS_PRINTED: Contestant = { name: `${EDT}-paper`, train: { ...CONTESTANT.train, preset: 'paper' } }

/** The line of rows that differ in the share of items that are inserted. */
export const SHARES = 'share of the items'

const TAUS = [0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
const CLUSTERS = [5, 10, 15]
const GENERATED = [5, 10, 20]
const INJECTED = [0.3, 0.6, 1]
const LEAST_R = [0.95, 0.9, 0]
const ALPHAS = [0.01, 0.1, 0.3, 0.5, 0.7, 1]

/** The questions of the LLM-EDT paper (KDD 2026, sections 4.2 to 4.9 and appendix B). */
export function llmEdtStudy ({ seeds, chosen, overrides, chat, smoke }: StudyOrder): Study {
  const { epochs } = overrides
  const trained = (contestant: Contestant): TrainSettings =>
    withSettings(contestant, { ...chosen(contestant.name), ...overrides })
  const phases = typeof epochs === 'number' ? epochsOf(CONTESTANT, epochs) : {}
  const named = (name: string): TrainSettings => trained(CONTESTANTS.find((one) => one.name === name)!)
  const ours = withSettings(CONTESTANT, { ...chosen(EDT), ...overrides, ...phases })
  const but = (changed: Readonly<Record<string, unknown>>): TrainSettings =>
    ({ ...ours, overrides: { ...ours.overrides, ...changed } })
  const augmented = (name: string, settings: Readonly<Record<string, unknown>>): StudyInput =>
    ({ ...EDT_INPUT, augment: { name, settings } })
  const [first = 42] = seeds
  const sweep = { seeds: [first] }
  const some = <T>(values: readonly T[]): readonly T[] => smoke ? values.slice(-1) : values

  const mixed: StudyInput = { ...WHOLE, profiles: 'clusters' }
  const main = [
    // LLM4CDSR as printed is long to train, and in its own study, on the same data.
    ...CONTESTANTS.filter(({ train }) => train.preset === 'product').map(({ name }): StudyRow =>
      ({ section: 'main', name, input: name === OURS ? mixed : WHOLE, train: named(name), seeds })),
    // As printed its rate is its own, and so is what else was chosen for ours.
    {
      section: 'main',
      name: AS_PRINTED.name,
      input: EDT_INPUT,
      train: withSettings(AS_PRINTED, { ...overrides, ...phases }),
      seeds,
    },
    // How it sees the items of both domains is drawn from its weights.
    { section: 'main', name: EDT, input: EDT_INPUT, train: ours, seeds, opened: true },
  ]
  const ablation = (name: string, train: TrainSettings, input = EDT_INPUT): StudyRow =>
    ({ section: 'ablations', name, input, train, seeds })
  const ablations = [
    ablation(EDT, ours),
    ablation(WITHOUT_AUGMENTATION, ours, RAW_INPUT),
    ablation('without fine-tuning', but({ dft: false })),
    ablation('without profiling', but({ alpha: 0 })),
    ablation('without filter', ours, augmented('no-filter', { filter: false })),
    ablation('without insertion', ours, augmented('tail', { insert: 'tail' })),
    ablation('random insertion', ours, augmented('random', { insert: 'random' })),
    ablation('without summarise-reform-analyse', ours, { ...EDT_INPUT, profiles: 'clusters' }),
  ]
  /** One of `augment`'s settings over some values; with its own value it is the input of all else. */
  const over = (
    section: string, field: 'filterTau' | 'kmeansK' | 'nGenerate' | 'injectRatio' | 'injectMinR',
    values: readonly number[], what = section
  ): StudyRow[] => some(values).map((value) => ({
    section,
    name: `${what} ${value}`,
    input: DEFAULT_AUGMENT[field] === value ? EDT_INPUT : augmented(`${field}-${value}`, { [field]: value }),
    train: ours,
    ...sweep,
    x: value,
  }))
  const backbones = (['sasrec', 'gru4rec', 'bert4rec'] as const).flatMap((backbone): StudyRow[] => {
    // What was chosen for sasrec's own shape says nothing of another's.
    const withBackbone = (train: TrainSettings): TrainSettings => {
      const { layers: _layers, heads: _heads, ...shared } = train.overrides
      return backbone === 'sasrec' ? train : { ...train, overrides: { ...shared, backbone } }
    }
    const row = (name: string, train: TrainSettings, input: StudyInput): StudyRow =>
      ({ section: 'backbones', name, input, train, ...sweep })
    return [
      row(`${backbone} alone, ids`, named(backbone === 'sasrec' ? 'sasrec-ids' : backbone), WHOLE),
      row(`${OURS} with ${backbone}`, withBackbone(named(OURS)), mixed),
      row(`${EDT} with ${backbone}`, withBackbone(ours), EDT_INPUT),
    ]
  })
  const forms = (['linear', 'residualRelu'] as const).map((adapterForm): StudyRow => ({
    section: 'adapters', name: adapterForm, input: EDT_INPUT, train: but({ adapterForm }), seeds,
  }))
  const items = (['text', 'textAndIds'] as const).map((globalItems): StudyRow => ({
    section: 'items', name: globalItems, input: EDT_INPUT, train: but({ globalItems }), ...sweep,
  }))
  return {
    name: EDT,
    title: 'LLM-EDT, part by part',
    intro: [
      ...(smoke ? ['**A smoke run**: few users, two epochs. It shows that everything works; its figures mean nothing.'] : []),
      'Full ranking over the whole domain of the target, history excluded, ties against us; epochs chosen on ' +
      'validation. HR@10 is the share of users whose next item stands among the first ten, NDCG@10 asks how far up. ' +
      '± is the deviation over seeds; rows of one seed have none. Targets and candidates are real, whatever was put ' +
      'into histories. The paper\'s figures stand beside ours for their order, not their size: other data, and by its ' +
      'published program 100 sampled candidates whose halves come from two different items.',
      `Items are made up and profiles written by \`${chat}\`` +
      (chat === 'extractive'
        ? ', which is no language model: it takes items of the catalogue that lie near a user\'s own, and words out of ' +
        'titles.'
        : '.'),
    ],
    sections: sections(ours.overrides.globalItems === 'textAndIds' ? 'textAndIds' : 'text'),
    baselines: baselines(),
    rows: [
      ...main,
      ...ablations,
      ...over('tau', 'filterTau', TAUS),
      ...over('clusters', 'kmeansK', CLUSTERS),
      ...over('generated', 'nGenerate', GENERATED),
      ...over('injection', 'injectRatio', INJECTED, 'share').map((row) => ({ ...row, line: SHARES })),
      ...over('injection', 'injectMinR', LEAST_R, 'least r').map((row) => ({ ...row, line: 'least ratio of a user' })),
      ...some(ALPHAS).map((alpha): StudyRow => ({
        section: 'alpha', name: `alpha ${alpha}`, input: EDT_INPUT, train: but({ alpha }), ...sweep, x: alpha,
      })),
      ...forms,
      ...items,
      ...backbones,
    ],
  }
}

/** @param items what an item is in all rows that do not say otherwise */
const sections = (items: 'text' | 'textAndIds'): readonly Section[] => [
  {
    id: 'main',
    title: 'Main table',
    text: 'Every system on the same data, with the settings that were tuned for it where there are any. LLM4CDSR as ' +
      'printed is a row of its own study.',
    kind: 'metrics',
    plot: 'dots',
    paper: EDT_TABLES.main,
  },
  {
    id: 'paired',
    title: 'Against every other',
    text: 'NDCG@10 of LLM-EDT minus that of another, user by user, of the full ranking: mean over users, 95 % of ' +
      'the resampled means, and p of a paired t-test. Above 0: LLM-EDT is better.',
    kind: 'told',
  },
  {
    id: 'finetune',
    title: 'What the second phase gains',
    text: 'Validation NDCG@10, and what the second phase gains over the first. Linear adapters that start at zero add ' +
      'nothing to the mixed thread at first, so that the phase starts at the figure before it; residual ones add what ' +
      'the frozen thread makes of the domain\'s own events, and so start elsewhere.',
    kind: 'told',
  },
  {
    id: 'ablations',
    title: 'Ablations',
    text: 'One part left out, all else as it is. Without insertion items go to the end of the training events; without ' +
      'summarise-reform-analyse profiles are LLM4CDSR\'s.',
    kind: 'metrics',
    plot: 'dots',
    paper: EDT_TABLES.ablations,
  },
  {
    id: 'inputs',
    title: 'Synthetic events',
    text: 'What was generated for each input, by whom, and what is left of it. The paper\'s own data comes to 0.2 to 0.35 ' +
      'items a user.',
    kind: 'told',
  },
  {
    id: 'tau',
    title: 'Threshold of the noise filter',
    text: 'The least cosine on the target side, which means another thing with each embedder. One seed.',
    kind: 'metrics',
    plot: 'line',
    paper: EDT_TABLES.tau,
  },
  {
    id: 'clusters',
    title: 'Clusters of representatives',
    text: 'One seed.',
    kind: 'metrics',
    plot: 'line',
    paper: EDT_TABLES.clusters,
  },
  { id: 'generated', title: 'Items generated for a user', text: 'One seed.', kind: 'metrics', plot: 'line' },
  {
    id: 'injection',
    title: 'Who gets how many',
    text: 'The share of what the filter kept that is inserted, and the least domain ratio of users who get any. One seed.',
    kind: 'metrics',
    plot: 'line',
    paper: EDT_TABLES.injection,
  },
  {
    id: 'similarity',
    title: 'Profiles before and after',
    text: 'Mean cosine of users\' profile vectors from histories without synthetic events and with them.',
    kind: 'told',
    paper: EDT_TABLES.similarity,
  },
  { id: 'alpha', title: 'Weight of L_align', text: 'One seed.', kind: 'metrics', plot: 'line' },
  {
    id: 'adapters',
    title: 'Form of the adapters',
    text: 'As printed, and as the published program has it.',
    kind: 'metrics',
  },
  {
    id: 'items',
    title: 'What an item is',
    text: '`text`: its text alone, as in the paper, so that a new item needs nothing else. `textAndIds`: its text and a ' +
      `row of its own, which a new item has to be given by a learnt map. All else on this page is \`${items}\`, by what ` +
      'was chosen for LLM-EDT on validation, but for the preset as printed. One seed.',
    kind: 'metrics',
  },
  {
    id: 'backbones',
    title: 'Backbones',
    text: 'Each alone over ids, in all threads of LLM4CDSR, and in LLM-EDT. One seed.',
    kind: 'metrics',
    paper: EDT_TABLES.backbones,
  },
  {
    id: 'overlap',
    title: 'How far the domains lie apart',
    text: 'Items of each domain by their texts, with those that were made up, and as the trained system sees them: the ' +
      'first two principal components (the paper draws t-SNE). The share is that of items whose nearest by cosine ' +
      'among those drawn is of another domain.',
    kind: 'told',
  },
  {
    id: 'case',
    title: 'One user before and after',
    text: 'The user with the most synthetic events, the first of several: the training events, what was put in after ' +
      'them, and where the test target stands with and without augmentation. One seed.',
    kind: 'told',
  },
  { id: 'groups', title: 'Who is served well', text: 'The rows of the main table, mean over seeds.', kind: 'groups' },
  {
    id: 'spent',
    title: 'What the language model cost',
    text: 'All that is booked in the ledger of the cache that this study used, by step; an answer that was paid for once ' +
      'is not paid for again.',
    kind: 'told',
    paper: EDT_TABLES.spent,
  },
  {
    id: 'cost',
    title: 'Efficiency',
    text: 'Numbers that training moves, and the seconds to rank every item of every domain for every user, with no other ' +
      'work of the study on the machine.',
    kind: 'cost',
    paper: EDT_TABLES.cost,
  },
]
