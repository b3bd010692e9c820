import type { Command } from '../command.ts'
import { BACKEND, CDSR_FLAGS, CONFIG, EDT_FLAGS, RECG_FLAGS, SEED, SPEND_FLAGS } from './shared-flags.ts'

const SOURCES = 'amazon-v2-cloth-sport|amazon-v2-electronic-phone|amazon-v2-food-kitchen|douban-book-movie|' +
  'amazon-2023-industrial-games-music'
const PRESETS = 'product|paper|official'

const RULES = {
  source: { type: 'string', value: SOURCES, says: 'a published data set, in the files as they were published' },
  'k-core': { type: 'string', value: 'n|users,items|none', default: '5,3', says: 'least events of a user and of an item' },
  ties: { type: 'string', value: 'shuffle|input', default: 'shuffle', says: 'the order of events of one time' },
} as const
const TRAINED = {
  system: {
    type: 'string',
    value: 'llm4cdsr|llm-edt|llm-recg|sasrec-ids|sasrec-text|gru4rec|bert4rec',
    default: 'llm4cdsr',
    says: 'what is trained (docs/guide/systems.md)',
  },
  preset: {
    type: 'string', value: PRESETS, default: 'product', says: 'whose settings: ours, the paper\'s or its program\'s',
  },
  epochs: { type: 'string', value: 'n', default: '60', says: 'at most' },
} as const

const inOut = <I extends string, O extends string>(input: I, output: O) => ({
  in: { type: 'string', value: input, required: true, says: 'what the step before left' },
  out: { type: 'string', value: output, required: true, says: 'where this step leaves what it makes' },
} as const)

const INT8 = {
  int8: { type: 'boolean', says: 'encoders in int8, where NDCG@10 on validation falls by less than 0.5 %' },
} as const

const MADE = 'the manifest\'s digest and figures, the folder, and whether it was there unchanged'

export const PIPELINE = {
  name: 'pipeline',
  group: 'build',
  summary: 'From raw logs to a bundle in one command: prepare, embed, profile, train, evaluate, export',
  says: 'Steps that are unchanged are skipped. Ctrl-C stops it; the same command goes on from there. A config file has a ' +
    'section for each step; profile runs where it has one.',
  operands: { form: '[more files …]', says: 'further inputs' },
  flags: {
    data: { type: 'string', value: 'folder', required: true, multiple: true, says: 'raw events and items: a folder, or files' },
    name: { type: 'string', value: 'bundle', required: true, says: 'of the bundle, and of the folder of work' },
    ...RULES,
    ...TRAINED,
    ...INT8,
    ...BACKEND,
    ...SEED,
    ...CONFIG,
    work: { type: 'string', value: 'folder', default: 'work/<name>', says: 'where the steps leave what they make' },
    models: { type: 'string', value: 'folder', default: 'models', says: 'where the bundle goes' },
  },
  examples: [
    { run: 'pipeline --data shop --name shop', says: 'all of it' },
    { run: 'pipeline --data shop --name quick --system sasrec-text --epochs 2', says: 'a first look' },
  ],
  json: 'the bundle\'s folder',
} as const satisfies Command

export const PREPARE = {
  name: 'prepare',
  group: 'build',
  summary: 'Reads raw events and items into a data set: ids, sequences, split; bad rows by name',
  operands: { form: '[more files …]', says: 'further inputs' },
  flags: {
    in: { type: 'string', value: 'folder', required: true, says: 'interactions.* and items.*: a folder, or files' },
    out: { type: 'string', value: 'folder', required: true, says: 'where the data set goes' },
    ...RULES,
    after: { type: 'string', value: '2018-01-01', says: 'only events later than this' },
    before: { type: 'string', value: '2020-01-01', says: 'only events earlier than this' },
    domains: { type: 'string', value: 'a,b', says: 'only these' },
    'max-bad-share': { type: 'string', value: '0 to 1', default: '0.01', says: 'of rows, before it gives up' },
    'most-users': { type: 'string', value: 'n', says: 'for studies: only so many users' },
    'held-out-items': { type: 'string', value: '0 to 1', says: 'for studies: this share of items without events' },
    'overlap-ratio': { type: 'string', value: '0 to 1', says: 'for studies: this share of users of several domains stays' },
    ...SEED,
    ...CONFIG,
  },
  examples: [
    { run: 'prepare --in shop --out work/shop/dataset', says: 'interactions.csv and items.jsonl of the folder shop' },
    { run: 'prepare --in shop --out work/loose/dataset --k-core none --ties input', says: 'keeps everybody' },
  ],
  json: MADE,
} as const satisfies Command

export const EMBED = {
  name: 'embed',
  group: 'build',
  summary: 'Turns the text of every item into a vector, once',
  says: 'The key of an endpoint is read from OPENAI_API_KEY. What was embedded is kept in the cache: after Ctrl-C the ' +
    'same command goes on, and nothing is paid for twice.',
  flags: {
    ...inOut('dataset', 'embeddings'),
    embedder: { type: 'string', value: 'local|openai', default: 'local', says: 'the encoder in models/, or an endpoint' },
    model: { type: 'string', value: 'name', default: 'text-embedding-3-small', says: 'openai: which model' },
    width: { type: 'string', value: 'n', says: 'openai: shorter vectors than the model\'s own' },
    'base-url': { type: 'string', value: 'url', says: 'openai: another endpoint; OPENAI_BASE_URL without it' },
    template: { type: 'string', value: 'item-product/1|item-paper/1', says: 'the words around an item' },
    'max-usd': SPEND_FLAGS['max-usd'],
    'dry-run': SPEND_FLAGS['dry-run'],
    prices: SPEND_FLAGS.prices,
    cache: SPEND_FLAGS.cache,
    ...CONFIG,
    seed: { type: 'string', value: 'n', says: 'taken as by every step; nothing is drawn' },
  },
  examples: [
    { run: 'embed --in work/shop/dataset --out work/shop/embeddings', says: 'by the text encoder of the repository' },
    {
      run: 'embed --in work/shop/dataset --out work/shop/remote --embedder openai --dry-run',
      says: 'what an endpoint would cost',
    },
  ],
  json: MADE + '; with --dry-run the expected calls and tokens',
} as const satisfies Command

export const AUGMENT = {
  name: 'augment',
  group: 'build',
  summary: 'Makes up events for users in domains they did not choose from, between their training events',
  says: '`extractive` takes neighbours from the catalogue: it is no language model. The key of an endpoint is read from ' +
    'OPENAI_API_KEY. After Ctrl-C the same command goes on, and nothing is paid for twice. `train` and `profile` take ' +
    'what it leaves in the place of embeddings.',
  flags: {
    ...inOut('embeddings', 'augmentation'),
    chat: { type: 'string', value: 'extractive|openai', default: 'extractive', says: 'who makes items up' },
    model: { type: 'string', value: 'name', default: 'gpt-4o-mini', says: 'openai: which model' },
    'base-url': { type: 'string', value: 'url', says: 'openai: another endpoint; OPENAI_BASE_URL without it' },
    'kmeans-k': { type: 'string', value: 'n', default: '10', says: 'clusters of a domain, and so the most representatives' },
    'n-generate': { type: 'string', value: 'n', default: '10', says: 'items asked for of a user and pair of domains' },
    topk: { type: 'string', value: 'n', default: '5', says: 'of them the nearest to what the user chose' },
    tau: { type: 'string', value: 'auto|x', default: 'auto', says: 'least cosine to the other domain; auto: 0.2-0.35 items a user' },
    'no-filter': { type: 'boolean', says: 'keep whatever was made up' },
    insert: { type: 'string', value: 'anchor|tail|random', default: 'anchor', says: 'where it goes' },
    'no-ground': { type: 'boolean', says: 'openai: no item of the catalogue in the place of one made up' },
    'ground-tau': { type: 'string', value: 'x', default: '0.9', says: 'least cosine for that' },
    'inject-ratio': { type: 'string', value: 'x', default: '1', says: 'the share of what passed that is inserted' },
    'inject-min-r': { type: 'string', value: 'x', default: '0', says: 'only for users whose choices are so uneven' },
    ...SPEND_FLAGS,
    ...SEED,
    ...CONFIG,
  },
  examples: [
    { run: 'augment --in work/shop/embeddings --out work/shop/augmentation', says: 'without a language model' },
    {
      run: 'augment --in work/shop/embeddings --out work/shop/made-up --chat openai --dry-run',
      says: 'what one would cost',
    },
  ],
  json: MADE + '; with --dry-run the expected calls and tokens',
} as const satisfies Command

export const PROFILE = {
  name: 'profile',
  group: 'build',
  summary: 'Writes what each user likes, in words and as a vector, from the training part of their history',
  says: '`extractive` picks words out of titles: it is no language model. The key of an endpoint is read from ' +
    'OPENAI_API_KEY. After Ctrl-C the same command goes on, and nothing is paid for twice.',
  flags: {
    ...inOut('embeddings, or augmentation', 'profiles'),
    mode: { type: 'string', value: 'mixed|domain-aware', default: 'mixed', says: 'all domains together, or LLM-EDT\'s way' },
    chat: { type: 'string', value: 'extractive|openai', default: 'extractive', says: 'who writes them' },
    model: { type: 'string', value: 'name', default: 'gpt-4o-mini', says: 'openai: which model' },
    'base-url': { type: 'string', value: 'url', says: 'openai: another endpoint; OPENAI_BASE_URL without it' },
    clusters: { type: 'string', value: 'n', default: '10', says: 'of items (of a domain), and so the most notes of a user' },
    latest: { type: 'string', value: 'n', default: '15', says: 'products shown of each cluster' },
    'no-cluster': { type: 'boolean', says: 'one prompt a user, without clusters' },
    ...SPEND_FLAGS,
    ...SEED,
    ...CONFIG,
  },
  examples: [
    { run: 'profile --in work/shop/embeddings --out work/shop/profiles', says: 'without a language model' },
    {
      run: 'profile --in work/shop/embeddings --out work/shop/written --chat openai --dry-run',
      says: 'what one would cost',
    },
  ],
  json: MADE + '; with --dry-run the expected calls and tokens',
} as const satisfies Command

export const COSTS = {
  name: 'costs',
  group: 'build',
  summary: 'Adds up what was paid for, by step, model and user, at the prices of the day of each call',
  flags: {
    cache: SPEND_FLAGS.cache,
    users: { type: 'string', value: 'n', default: '10', says: 'the dearest users to list' },
  },
  examples: [{ run: 'costs', says: 'everything so far' }],
  json: 'calls, tokens and dollars, by step, model and user and together',
} as const satisfies Command

export const TRAIN = {
  name: 'train',
  group: 'build',
  summary: 'Trains a system, and keeps the epoch that validation likes best',
  says: 'Ctrl-C saves; the same command goes on from there, and --fresh begins anew. Equal runs give equal bytes on wasm, ' +
    'and on native with TF_NUM_INTRAOP_THREADS=1.',
  flags: {
    ...inOut('embeddings, augmentation or profiles', 'run'),
    ...TRAINED,
    ...BACKEND,
    fresh: { type: 'boolean', says: 'forget what an earlier call left' },
    ...CDSR_FLAGS,
    ...EDT_FLAGS,
    pretrained: { type: 'string', value: 'run', says: 'llm-edt: take the first phase of this run' },
    ...RECG_FLAGS,
    ...SEED,
    ...CONFIG,
  },
  examples: [
    { run: 'train --in work/shop/embeddings --out work/shop/run', says: 'LLM4CDSR with our settings' },
    {
      run: 'train --in work/shop/embeddings --out work/shop/gru --system gru4rec --epochs 2',
      says: 'another system, briefly',
    },
  ],
  json: MADE + '; best epoch and its validation',
} as const satisfies Command

export const EVALUATE = {
  name: 'evaluate',
  group: 'build',
  summary: 'Ranks each user\'s held-out item among all of its domain, and says how far up it stands',
  flags: {
    ...inOut('run', 'evaluation'),
    mode: { type: 'string', value: 'full,sampled-100,official', default: 'full,sampled-100', says: 'against which candidates' },
    baseline: {
      type: 'string',
      value: 'popularity|transitions|item-knn|vs-knn',
      says: 'count instead of a run; --in is then a data set',
    },
    efficiency: { type: 'boolean', says: 'also parameters, and the time to rank for all users' },
    ...BACKEND,
    ...SEED,
    ...CONFIG,
  },
  examples: [
    { run: 'evaluate --in work/shop/run --out work/shop/evaluation', says: 'what was trained' },
    {
      run: 'evaluate --in work/shop/dataset --out work/shop/vs-knn --baseline vs-knn', says: 'what it has to beat',
    },
  ],
  json: MADE + '; the whole report',
} as const satisfies Command

export const EXPORT = {
  name: 'export',
  group: 'build',
  summary: 'Makes a bundle of an evaluated run: everything that a service needs to answer',
  flags: {
    ...inOut('evaluation', 'models/<name>'),
    'without-histories': { type: 'boolean', says: 'leave known users\' histories out' },
    generated: { type: 'boolean', says: 'the data is made up, and answers shall say so' },
    'index-shards': {
      type: 'string', value: 'n', says: 'of each approximate index, built and searched in parallel; by size unless given',
    },
    ...INT8,
    ...BACKEND,
    ...CONFIG,
  },
  examples: [{ run: 'export --in work/shop/evaluation --out models/shop', says: 'then: isthmus start --bundle models/shop' }],
  json: 'the version\'s folder, its domains, its size, what int8 was found to cost, and whether it was there unchanged',
} as const satisfies Command

export const ADD_DOMAIN = {
  name: 'add-domain',
  group: 'build',
  summary: 'Writes the next version of an llm-recg bundle, with a domain that nobody has trained on',
  says: 'Vectors come from the texts of its items, by the embedder of the bundle; there is an index, and golden answers, ' +
    'which are asked before CURRENT names the version. Nothing is trained, and nothing is popular yet.',
  flags: {
    items: { type: 'string', value: 'file', required: true, multiple: true, says: 'items as prepare reads them, or a folder' },
    bundle: { type: 'string', value: 'models/<name>', required: true, says: 'the bundle, or one version of it' },
    'max-bad-share': { type: 'string', value: 'x', default: '0.01', says: 'more unreadable rows than this stop it' },
    'base-url': { type: 'string', value: 'url', says: 'of an endpoint that embeds; OPENAI_BASE_URL without it' },
    'max-usd': SPEND_FLAGS['max-usd'],
    prices: SPEND_FLAGS.prices,
    cache: SPEND_FLAGS.cache,
  },
  examples: [{ run: 'add-domain --items food.jsonl --bundle models/recg', says: 'food, from what other domains have taught' }],
  json: 'the version\'s folder, the domains it got, and whether it was there unchanged',
} as const satisfies Command

export const DEMO = {
  name: 'demo',
  group: 'build',
  summary: 'Generates a shop, trains on it, and leaves a bundle in models/demo',
  says: 'All of its data is made up. A few minutes on two cores.',
  flags: {
    ...SEED,
    ...BACKEND,
    epochs: { type: 'string', value: 'n', says: 'at most' },
    work: { type: 'string', value: 'folder', default: 'work/demo', says: 'where the steps leave what they make' },
    models: { type: 'string', value: 'folder', default: 'models', says: 'where the bundle goes' },
  },
  examples: [{ run: 'demo --models work/models --epochs 1', says: 'a quick one, beside the one in the repository' }],
  json: 'the bundle\'s folder, and NDCG@10 of the system and of popularity',
} as const satisfies Command

export const SETUP_CUDA = {
  name: 'setup-cuda',
  group: 'build',
  summary: 'Fetches what the service needs to compute on an NVIDIA GPU, from PyPI alone: 1.6 GB',
  says: 'Kept outside the project, in $XDG_CACHE_HOME/isthmus or ~/.cache/isthmus; a stopped run goes on. Once more after ' +
    'each npm ci, which takes a moment. Needs python3 with pip, unzip, Linux on x64; to run, a driver for CUDA 13.',
  flags: {},
  examples: [{ run: 'setup-cuda', says: 'then gpu-check tells whether it works' }],
  json: 'the folder of the libraries, and how many packages were fetched',
} as const satisfies Command

export const SETUP_NATIVE = {
  name: 'setup-native',
  group: 'build',
  summary: 'Builds the native training backend from package registries alone, in about three minutes',
  says: 'It is kept outside the project, in $XDG_CACHE_HOME/isthmus or ~/.cache/isthmus. Needs g++, make and python3.',
  operands: { form: '[cpu|gpu]', says: 'for which processor; cpu without it', words: ['cpu', 'gpu'] },
  flags: {},
  examples: [{ run: 'setup-native', says: 'then train takes it by itself' }],
  json: 'the folder, and whether it was built now',
} as const satisfies Command
