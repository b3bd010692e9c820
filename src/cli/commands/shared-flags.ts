import type { Flags } from '../command.ts'

/** Flags of every offline step. */
export const CONFIG = {
  config: { type: 'string', value: 'file.json', says: 'settings of the step (docs/reference/configuration.md); a flag wins' },
} as const satisfies Flags

export const SEED = {
  seed: { type: 'string', value: 'n', default: '42', says: 'of everything that is drawn' },
} as const satisfies Flags

export const BACKEND = {
  backend: {
    type: 'string',
    value: 'auto|native-gpu|native|wasm|cpu',
    default: 'auto',
    says: 'what computes; auto takes the first of them that loads',
  },
} as const satisfies Flags

export const JSON_FLAG = {
  json: { type: 'boolean', says: 'print the result as JSON, and an error too' },
} as const satisfies Flags

/** Of every step that may call a model over the network. None of them changes what comes out. */
export const SPEND_FLAGS = {
  'max-usd': { type: 'string', value: 'dollars', says: 'stop before a call that could cost more than is left' },
  'at-once': { type: 'string', value: 'n', default: '8', says: 'calls under way at a time' },
  batch: { type: 'boolean', says: 'submit to the Batch API, at half the price, and wait' },
  'dry-run': { type: 'boolean', says: 'count and price the calls, and make none' },
  prices: { type: 'string', value: 'file.json', default: 'config/llm-prices.json', says: 'dollars a million tokens, by model' },
  cache: { type: 'string', value: 'folder', default: '.cache/llm', says: 'where answers that were paid for are kept' },
} as const satisfies Flags

/** Of `train`: settings of LLM4CDSR, besides `--alpha` and `--backbone`, which others share. */
export const CDSR_FLAGS = {
  beta: { type: 'string', value: 'x', says: 'llm4cdsr: weight of the alignment with profiles' },
  'no-unified': { type: 'boolean', says: 'llm4cdsr: without the global thread' },
  'no-profile': { type: 'boolean', says: 'llm4cdsr: without profiles' },
  'no-reg': { type: 'boolean', says: 'llm4cdsr: without the contrastive loss' },
  'no-init': { type: 'boolean', says: 'llm4cdsr: local tables that start at random' },
} as const satisfies Flags

/** Of `train`: settings of LLM-EDT, besides `--alpha` and `--backbone`, which others share. */
export const EDT_FLAGS = {
  'adapter-size': { type: 'string', value: 'n', default: '64', says: 'llm-edt: width of the adapter of a domain' },
  'adapter-form': { type: 'string', value: 'linear|residualRelu', says: 'llm-edt: what that adapter is' },
  'no-aug': { type: 'boolean', says: 'llm-edt: without synthetic events' },
  'no-dft': { type: 'boolean', says: 'llm-edt: without the second phase' },
  'no-profiling': { type: 'boolean', says: 'llm-edt: without profiles' },
} as const satisfies Flags

/** Of `train`: settings of llm-recg, and some that other systems have as well. */
export const RECG_FLAGS = {
  source: { type: 'string', value: 'domain,…', default: 'all', says: 'llm-recg: domains whose events it learns from' },
  target: { type: 'string', value: 'domain,…', default: 'others', says: 'llm-recg: domains asked for without their events' },
  aux: { type: 'string', value: 'domain,…|none', default: 'others', says: 'llm-recg: domains that lend their texts' },
  alpha: { type: 'string', value: 'x', says: 'weight of the loss between domains: 0.1, of llm-recg 0.001' },
  patterns: { type: 'string', value: 'n', default: '32', says: 'llm-recg: sequential patterns of the sources' },
  tau: { type: 'string', value: 'x', default: '1', says: 'llm-recg: temperature of the loss between domains' },
  backbone: { type: 'string', value: 'sasrec|gru4rec|bert4rec', default: 'sasrec', says: 'what reads a sequence' },
  'no-ig': { type: 'boolean', says: 'llm-recg: without the loss between domains' },
  'no-id': { type: 'boolean', says: 'llm-recg: without its part inside a domain' },
  'no-ic': { type: 'boolean', says: 'llm-recg: without its part across domains' },
  'no-sg': { type: 'boolean', says: 'llm-recg: without sequential patterns' },
  sem: { type: 'boolean', says: 'llm-recg: one projection of the texts, and nothing else' },
} as const satisfies Flags

/** Of the studies: what they train on, how often, and until when. */
export const STUDY_FLAGS = {
  data: { type: 'string', value: 'folder', required: true, multiple: true, says: 'raw events and items: a folder, or files' },
  'k-core': { type: 'string', value: 'n|users,items|none', default: 'none', says: 'least events of a user and of an item' },
  ties: { type: 'string', value: 'input|shuffle', default: 'input', says: 'the order of events of one time' },
  ...SEED,
  jobs: { type: 'string', value: 'n', default: 'cores', says: 'trainings at a time' },
  hours: { type: 'string', value: 'h', says: 'stop by itself after so long' },
  ...CONFIG,
  work: { type: 'string', value: 'folder', default: 'work/results/<data>', says: 'where the trainings are kept' },
} as const satisfies Flags
