/** What a paper says of a data set and of systems on it. */
export interface PublishedFigures {
  /** The paper, and its tables that the figures are of. */
  readonly from: string
  readonly domains: Readonly<Record<string, PublishedSize>>
  /** Users with events in both domains. */
  readonly overlapUsers?: number
  /** Events of a user over all domains. */
  readonly meanLength?: number
  /** How the results were measured: they are no target for another measure. */
  readonly protocol: string
  /** HR@10 and NDCG@10 of each system, by domain; fractions. */
  readonly results: Readonly<Record<string, Readonly<Record<string, readonly [hr10: number, ndcg10: number]>>>>
}

export interface PublishedSize {
  readonly users: number
  readonly items: number
  /** Events of a user in this domain. */
  readonly meanLength?: number
  /** Percent of user-item pairs without an event. */
  readonly sparsity?: number
}

const PAIRED = '100 sampled negatives, each scored with the halves of two items in the published code: too high to compare'

export const CLOTH_SPORT: PublishedFigures = {
  from: 'LLM4CDSR, tables 1 and 2',
  domains: {
    cloth: { users: 9_933, items: 3_278, sparsity: 99.70 },
    sport: { users: 4_263, items: 1_021, sparsity: 99.04 },
  },
  overlapUsers: 3_962,
  meanLength: 10.71,
  protocol: PAIRED,
  results: {
    GRU4Rec: { cloth: [0.5806, 0.5252], sport: [0.5736, 0.4779] },
    BERT4Rec: { cloth: [0.6531, 0.5720], sport: [0.5350, 0.4514] },
    SASRec: { cloth: [0.7057, 0.6543], sport: [0.5964, 0.4900] },
    LLM4CDSR: { cloth: [0.8018, 0.7316], sport: [0.7046, 0.6312] },
  },
}

export const ELECTRONIC_PHONE: PublishedFigures = {
  from: 'LLM4CDSR, tables 1 and 2',
  domains: {
    electronic: { users: 20_728, items: 10_492, sparsity: 99.93 },
    phone: { users: 11_762, items: 2_246, sparsity: 99.88 },
  },
  overlapUsers: 11_698,
  meanLength: 8.30,
  protocol: PAIRED,
  results: {
    GRU4Rec: { electronic: [0.3225, 0.1869], phone: [0.3101, 0.1772] },
    BERT4Rec: { electronic: [0.3332, 0.1903], phone: [0.3001, 0.1714] },
    SASRec: { electronic: [0.3586, 0.2234], phone: [0.3292, 0.2011] },
    LLM4CDSR: { electronic: [0.4886, 0.3342], phone: [0.3540, 0.2249] },
  },
}

export const FOOD_KITCHEN: PublishedFigures = {
  from: 'LLM-EDT, tables 1 and 7',
  domains: {
    food: { users: 14_858, items: 8_343 },
    kitchen: { users: 10_145, items: 3_188 },
  },
  meanLength: 8.13,
  protocol: PAIRED,
  results: {
    GRU4Rec: { food: [0.2916, 0.1740], kitchen: [0.3911, 0.2894] },
    BERT4Rec: { food: [0.3025, 0.1869], kitchen: [0.4087, 0.3094] },
    SASRec: { food: [0.3250, 0.2078], kitchen: [0.4211, 0.3208] },
    LLM4CDSR: { food: [0.3976, 0.2702], kitchen: [0.4901, 0.3768] },
    'LLM-EDT': { food: [0.4349, 0.3109], kitchen: [0.5406, 0.4236] },
  },
}

export const BOOK_MOVIE: PublishedFigures = {
  from: 'LLM4CDSR, tables 1 and 2',
  domains: {
    book: { users: 1_381, items: 12_426, sparsity: 99.88 },
    movie: { users: 2_213, items: 16_537, sparsity: 99.92 },
  },
  overlapUsers: 1_265,
  meanLength: 68.30,
  protocol: PAIRED,
  results: {
    GRU4Rec: { book: [0.2101, 0.1286], movie: [0.7211, 0.6386] },
    BERT4Rec: { book: [0.2693, 0.1755], movie: [0.7795, 0.6144] },
    SASRec: { book: [0.2684, 0.1740], movie: [0.7839, 0.6181] },
    LLM4CDSR: { book: [0.5912, 0.3857], movie: [0.8791, 0.7820] },
  },
}

export const AMAZON_2023_SIZES: PublishedFigures = {
  from: 'LLM-RecG, tables 3 and 5 (in-domain)',
  domains: {
    industrial: { users: 47_905, items: 24_315, meanLength: 8.04 },
    games: { users: 89_746, items: 24_030, meanLength: 8.60 },
    music: { users: 55_787, items: 23_618, meanLength: 8.88 },
  },
  protocol: '100 sampled negatives',
  results: {
    GRU4Rec: { industrial: [0.3605, 0.2202], games: [0.5432, 0.3452], music: [0.4075, 0.2523] },
    SASRec: { industrial: [0.3748, 0.2237], games: [0.5625, 0.3527], music: [0.4139, 0.2562] },
    BERT4Rec: { industrial: [0.3909, 0.2362], games: [0.5350, 0.3297], music: [0.4580, 0.2917] },
    'SASRec with LLM-RecG': { industrial: [0.4857, 0.2911], games: [0.6592, 0.4374], music: [0.5347, 0.3373] },
  },
}
