import { ABLATIONS } from '../../systems/recg/settings.ts'
import type { TrainSettings } from '../train-settings.ts'
import type { StudyOrder } from './llm4cdsr.ts'
import { RECG_PAPER_TABLES } from './llm-recg-paper.ts'
import type { Section, Study, StudyRow } from './study.ts'
import { WHOLE } from './study.ts'

export const RECG = 'llm-recg'
const BACKBONES = ['sasrec', 'gru4rec', 'bert4rec'] as const
const ALPHAS = [0.05, 0.01, 0.005, 0.001, 0.0005, 0.0001]
const WITHOUT = { 'no-ig': 'IG', 'no-id': 'ID', 'no-ic': 'IC', 'no-sg': 'SG' } as const

/**
 * The questions of the LLM-RecG paper (RecSys 2025, sections 4.3 to 4.6) asked in every direction between the domains
 * of some data: each domain is a source once, and the others are asked for without an event of theirs. Rows of a source
 * begin with its name.
 */
export function llmRecgStudy ({ seeds, domains, chosen, overrides, smoke }: StudyOrder): Study {
  const [first = 42] = seeds
  const train = (source: string, changed: Readonly<Record<string, unknown>> = {}): TrainSettings => ({
    system: RECG, preset: 'product', overrides: { ...chosen(RECG), ...overrides, source, ...changed },
  })
  const row = (section: string, source: string, name: string, changed: object): StudyRow => ({
    section,
    name: `${source}: ${name}`,
    input: WHOLE,
    train: train(source, { ...changed }),
    seeds: section === 'main' ? seeds : [first],
  })
  const each = (make: (source: string) => StudyRow[]): StudyRow[] => domains.flatMap(make)
  // What was chosen for sasrec's own shape says nothing of another's.
  const of = (backbone: typeof BACKBONES[number]): object => {
    if (backbone === 'sasrec') return {}
    return backbone === 'gru4rec' ? { backbone, layers: 1, heads: 1 } : { backbone, layers: 2, heads: 2 }
  }
  return {
    name: RECG,
    title: 'LLM-RecG, in domains that it has never seen',
    intro: [
      ...(smoke
        ? ['**A smoke run**: few users, two epochs. It shows that everything works; its figures mean nothing.']
        : []),
      'A row learns from the events of the domain that it begins with, and of nothing else; of the other domains it sees ' +
      'item texts at most. Each domain is then tested on its own sequences, each user\'s last event in it against the ' +
      'whole domain, history excluded, ties against us; epochs are chosen on the validation of the source alone. ' +
      '± is the deviation over seeds. The same people buy in all domains here, which the paper\'s data does not have: ' +
      'the rows on disjoint halves learn from one half of them and are asked, elsewhere, about the other. The paper\'s ' +
      'own figures are of other data, against 100 sampled candidates: they stand here for their order.',
    ],
    sections: SECTIONS,
    rows: [
      ...each((source) => BACKBONES.flatMap((backbone) => [
        row('main', source, `${backbone}, one projection`, { ...of(backbone), ...ABLATIONS.sem }),
        row('main', source, `${backbone}, LLM-RecG`, of(backbone)),
      ])),
      ...each((source) => Object.entries(WITHOUT).map(([flag, name]) =>
        row('ablations', source, `without ${name}`, ABLATIONS[flag as keyof typeof WITHOUT]))),
      ...each((source) => [
        row('strict', source, 'no text of a target', { auxIncludesTarget: false }),
        row('strict', source, 'disjoint halves of the users', { users: 'half' }),
        row('strict', source, 'disjoint halves, one projection', { users: 'half', ...ABLATIONS.sem }),
      ]),
      ...each((source) => ALPHAS.map((alpha): StudyRow =>
        ({ ...row('alpha', source, `alpha ${alpha}`, { alpha }), x: alpha, line: source }))),
    ],
  }
}

const SECTIONS: readonly Section[] = [
  {
    id: 'main',
    title: 'In its own domain and in others',
    text: 'Three backbones, each over one projection of the texts (the paper\'s `sem`) and as LLM-RecG. The column of a ' +
      'row\'s own domain is in-domain (Table 5 of the paper), the others are zero-shot (Table 4).',
    kind: 'metrics',
    paper: RECG_PAPER_TABLES.main,
  },
  {
    id: 'ablations',
    title: 'Ablations',
    text: 'Without the generalisation loss (IG), its part inside a domain (ID), its part across domains (IC), and ' +
      'without sequential patterns (SG). One seed: a difference means little that is no larger than the deviation over ' +
      'seeds above.',
    kind: 'metrics',
    paper: RECG_PAPER_TABLES.ablations,
  },
  {
    id: 'strict',
    title: 'Seeing less',
    text: 'Targets whose texts stay out of the loss as well; and a run in which those who taught the model are asked about ' +
      'the source only, and the other half of the users about all else. One seed.',
    kind: 'metrics',
  },
  { id: 'alpha', title: 'Weight of the generalisation loss', text: 'One seed.', kind: 'metrics', plot: 'line' },
  {
    id: 'worth',
    title: 'Every metric, by domain',
    text: 'Rows that begin with the name of another domain are zero-shot. Popularity and transitions have counted the ' +
      'domain\'s own training events; random and the similarity of a text to that of the last item know none. The ' +
      'interval holds 95 % of means over resampled users; p is of a paired t-test of NDCG@10 against the similarity.',
    kind: 'told',
  },
  {
    id: 'map',
    title: 'Where items lie',
    text: 'Alignment is the mean squared distance of an item from the nearest one of another domain, uniformity the log ' +
      'of the mean of exp(-2 |x - y|²) over pairs; both of directions, over 500 items of each domain; lower is closer, ' +
      'and more even. The maps have their first two principal components.',
    kind: 'told',
  },
]
