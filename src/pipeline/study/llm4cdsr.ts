import { ABLATIONS } from '../../systems/ablations.ts'
import { CONTESTANTS, OURS, withSettings } from '../cells/contestants.ts'
import type { Contestant } from '../cells/contestants.ts'
import type { TrainSettings } from '../train-settings.ts'
import { PAPER_TABLES } from './llm4cdsr-paper.ts'
import type { Section, Study, StudyInput, StudyRow } from './study.ts'
import { WHOLE } from './study.ts'

/** What a study is made by. */
export interface StudyOrder {
  /** Of the main table and the ablations; sweeps have the first alone. */
  readonly seeds: readonly number[]
  /** The domains of the data. */
  readonly domains: readonly string[]
  /** The settings chosen for a contestant, by its name. */
  readonly chosen: (name: string) => Readonly<Record<string, unknown>>
  /** Further settings of every training, such as fewer epochs. */
  readonly overrides: Readonly<Record<string, unknown>>
  /** Who writes the profiles. */
  readonly chat: string
  /** A run that shows that everything works, and nothing else. */
  readonly smoke: boolean
}

const ALPHAS = [0.01, 0.05, 0.1, 0.5, 1]
const BETAS = [0.1, 0.5, 1, 5, 10]
const RATIOS = [0.25, 0.5, 0.75, 1]
const HELD_OUT = 0.1
const PROFILED: StudyInput = { ...WHOLE, profiles: 'clusters' }
const CONTRASTS = ['sasrec-ids', 'sasrec-ids-text']

/** The questions of the LLM4CDSR paper (SIGIR 2025, sections 4.2 to 4.7), and cold items, which it does not ask. */
export function llm4cdsrStudy ({ seeds, chosen, overrides, chat, smoke }: StudyOrder): Study {
  const trained = (contestant: Contestant): TrainSettings =>
    withSettings(contestant, { ...chosen(contestant.name), ...overrides })
  const named = (name: string): TrainSettings => trained(CONTESTANTS.find((one) => one.name === name)!)
  const ours = named(OURS)
  const but = (changed: Readonly<Record<string, unknown>>): TrainSettings =>
    ({ ...ours, overrides: { ...ours.overrides, ...changed } })
  const [first = 42] = seeds
  const sweep = { seeds: [first] }

  const main = CONTESTANTS.map(({ name }): StudyRow => ({
    section: 'main',
    name,
    input: name.startsWith(OURS) ? PROFILED : WHOLE,
    train: named(name),
    seeds,
  }))
  const ablation = (name: string, train: TrainSettings, input = PROFILED): StudyRow =>
    ({ section: 'ablations', name, input, train, seeds })
  const ablations = [
    ablation(OURS, ours),
    ablation('without unified', but(ABLATIONS.unified)),
    ablation('without profile', but(ABLATIONS.profile)),
    ablation('without reg', but(ABLATIONS.reg)),
    ablation('without cluster', ours, { ...WHOLE, profiles: 'whole' }),
    ablation('without init', but(ABLATIONS.init)),
  ]
  const overlap = RATIOS.flatMap((ratio): StudyRow[] => {
    const input = ratio === 1 ? WHOLE : { name: `overlap-${100 * ratio}`, vary: { overlapRatio: ratio } }
    const row = (name: string, train: TrainSettings, on: StudyInput): StudyRow =>
      ({ section: 'overlap', name: `${name}, ${100 * ratio} %`, input: on, train, ...sweep, x: 100 * ratio, line: name })
    return [
      row(OURS, ours, { ...input, profiles: 'clusters' }), ...CONTRASTS.map((name) => row(name, named(name), input)),
    ]
  })
  const grid = (field: 'alpha' | 'beta', values: readonly number[]): StudyRow[] => values.map((value) =>
    ({ section: field, name: `${field} ${value}`, input: PROFILED, train: but({ [field]: value }), ...sweep, x: value }))
  const backbones = (['sasrec', 'gru4rec', 'bert4rec'] as const).flatMap((backbone): StudyRow[] => {
    const alone = backbone === 'sasrec' ? 'sasrec-ids' : backbone
    // What was chosen for sasrec's own shape says nothing of another's.
    const { layers: _layers, heads: _heads, ...shared } = ours.overrides
    const train = backbone === 'sasrec' ? ours : { ...ours, overrides: { ...shared, backbone } }
    return [
      { section: 'backbones', name: `${backbone} alone, ids`, input: WHOLE, train: named(alone), ...sweep },
      { section: 'backbones', name: `${OURS} with ${backbone}`, input: PROFILED, train, ...sweep },
    ]
  })
  const unseen: StudyInput = { name: 'held-out', vary: { heldOutItems: HELD_OUT } }
  const cold: StudyRow[] = [
    {
      section: 'cold',
      name: OURS,
      input: { ...unseen, profiles: 'clusters' },
      train: ours,
      ...sweep,
      cold: ['ridge', 'pca', 'zero'],
    },
    { section: 'cold', name: 'sasrec-ids', input: unseen, train: named('sasrec-ids'), ...sweep },
  ]
  return {
    name: OURS,
    title: 'LLM4CDSR, part by part',
    intro: [
      ...(smoke ? ['**A smoke run**: few users, two epochs. It shows that everything works; its figures mean nothing.'] : []),
      'Full ranking over the whole domain of the target, history excluded, ties against us; epochs chosen on ' +
      'validation. HR@10 is the share of users whose next item stands among the first ten, NDCG@10 asks how far up. ' +
      '± is the deviation over seeds; rows of one seed have none. The paper\'s figures stand beside ours for their ' +
      'order, not their size: other data, and by its published program 100 sampled candidates whose halves come from ' +
      'two different items.',
      `Profiles are written by \`${chat}\`` +
      (chat === 'extractive' ? ', which picks words out of titles and is no language model.' : '.'),
    ],
    sections: SECTIONS,
    rows: [
      ...main, ...ablations, ...overlap, ...grid('alpha', ALPHAS), ...grid('beta', BETAS), ...backbones, ...cold,
    ],
  }
}

const SECTIONS: readonly Section[] = [
  {
    id: 'main',
    title: 'Main table',
    text: 'Every trained system on the same data, with the settings that were tuned for it where there are any.',
    kind: 'metrics',
    plot: 'dots',
    paper: PAPER_TABLES.main,
  },
  {
    id: 'ablations',
    title: 'Ablations',
    text: 'One part left out, all else as it is: both kinds of item vectors from scratch (unified), no alignment with ' +
      'profiles (profile), no alignment of items over domains (reg), profiles from the whole history in one prompt ' +
      '(cluster), local tables that begin at random (init).',
    kind: 'metrics',
    plot: 'dots',
    paper: PAPER_TABLES.ablations,
  },
  {
    id: 'overlap',
    title: 'Users of several domains',
    text: 'So many per cent of the users who train over several domains are left so; the others keep the training ' +
      'events of one. Validation and test ask for the same items at every ratio. One seed.',
    kind: 'metrics',
    plot: 'line',
  },
  { id: 'alpha', title: 'Weight of L_reg', text: 'One seed.', kind: 'metrics', plot: 'line' },
  { id: 'beta', title: 'Weight of L_profile', text: 'One seed.', kind: 'metrics', plot: 'line' },
  {
    id: 'backbones',
    title: 'Backbones',
    text: 'Each alone over ids, and in all threads of LLM4CDSR. One seed.',
    kind: 'metrics',
    paper: PAPER_TABLES.backbones,
  },
  {
    id: 'cold',
    title: 'Items that nobody has bought',
    text: 'A tenth of the items is taken out of training with all its events, not even drawn as a negative; then test ' +
      'targets among them are ranked among all items of their domain. The global half comes from the text; the local ' +
      'half by ridge regression, by principal components or not at all. SASRec over ids knows nothing of them: its row ' +
      'is chance. One seed.',
    kind: 'cold',
    plot: 'dots',
  },
  { id: 'groups', title: 'Who is served well', text: 'The rows of the main table, mean over seeds.', kind: 'groups' },
  {
    id: 'cost',
    title: 'Efficiency',
    text: 'Numbers that training moves, and the seconds to rank every item of every domain for every user, measured ' +
      'when this page was written.',
    kind: 'cost',
    paper: PAPER_TABLES.cost,
  },
]
