import type { Command } from '../command.ts'
import { BACKEND, SPEND_FLAGS, STUDY_FLAGS } from './shared-flags.ts'

const GO_ON = 'Ctrl-C stops it, --hours stops it in time; the same command goes on from there.'

export const TUNE = {
  name: 'tune',
  group: 'measure',
  summary: 'Searches settings of every trained system by validation alone, and writes down and draws what it chose',
  says: `${GO_ON} More --configurations widen it.`,
  operands: { form: '[more files …]', says: 'further inputs' },
  flags: {
    ...STUDY_FLAGS,
    systems: {
      type: 'string',
      value: 'gru4rec,bert4rec,sasrec-ids,sasrec-text,sasrec-ids-text,llm4cdsr,llm-edt',
      default: 'all of them',
      says: 'only these',
    },
    configurations: { type: 'string', value: 'n', default: '12', says: 'of each system' },
    epochs: { type: 'string', value: 'n', says: 'at most' },
    ...BACKEND,
    out: { type: 'string', value: 'file', default: 'docs/tuning/<data>.json', says: 'what was chosen, for results and study' },
  },
  examples: [{ run: 'tune --data shop --hours 3', says: 'three hours, then what there is' }],
  json: 'the file, and how many trainings are left',
} as const satisfies Command

export const RESULTS = {
  name: 'results',
  group: 'measure',
  summary: 'Trains every system with several seeds, counts the baselines, and writes a page that compares them, with pictures',
  says: `What is there unchanged is skipped. ${GO_ON}`,
  operands: { form: '[more files …]', says: 'further inputs' },
  flags: {
    ...STUDY_FLAGS,
    seeds: { type: 'string', value: 'n', default: '3', says: 'runs of each system' },
    tuning: { type: 'string', value: 'file', default: 'docs/tuning/<data>.json', says: 'what tune chose' },
    epochs: { type: 'string', value: 'n', says: 'at most' },
    ...BACKEND,
    out: { type: 'string', value: 'file', default: 'docs/results.md', says: 'the page' },
  },
  examples: [{ run: 'results --data shop', says: 'three seeds of each, with paired tests' }],
  json: 'the file and its figures, or how many trainings are left',
} as const satisfies Command

const { 'dry-run': _dryRun, ...SPENDING } = SPEND_FLAGS

export const STUDY = {
  name: 'study',
  group: 'measure',
  summary: 'Trains every cell of a paper\'s questions, and writes their page with plots',
  says: `What is there unchanged is skipped; a row says of how many seeds it is. ${GO_ON}`,
  operands: {
    form: 'llm4cdsr|llm-edt|llm-recg [more files …]',
    says: 'whose questions',
    words: ['llm4cdsr', 'llm-edt', 'llm-recg'],
  },
  flags: {
    ...STUDY_FLAGS,
    seeds: { type: 'string', value: 'n', default: '3', says: 'runs of each cell' },
    tuning: { type: 'string', value: 'file', default: 'docs/tuning/<data>.json', says: 'what tune chose' },
    chat: { type: 'string', value: 'extractive|openai', default: 'extractive', says: 'who writes profiles' },
    model: { type: 'string', value: 'name', default: 'gpt-4o-mini', says: 'openai: which model' },
    'base-url': { type: 'string', value: 'url', says: 'openai: another endpoint' },
    backend: { ...BACKEND.backend, default: 'native' },
    out: { type: 'string', value: 'file', default: 'docs/studies/<study>.md', says: 'the page' },
    smoke: { type: 'boolean', says: 'two epochs, one seed, 300 users: whether it works at all' },
    ...SPENDING,
  },
  examples: [
    { run: 'study llm4cdsr --data shop --hours 8', says: 'a night of it' },
    { run: 'study llm-edt --data shop --seeds 1', says: 'the other paper\'s, one run of each cell' },
  ],
  json: 'the file, and the cells that are left',
} as const satisfies Command

const BENCHED = {
  bundle: { type: 'string', value: 'folder', default: 'models/demo', says: 'what is served' },
} as const

export const ITEM_MAP = {
  name: 'item-map',
  group: 'measure',
  summary: 'Draws the items of a bundle on a flat map, by what all domains share of them',
  says: 'The map that the playground shows, as a picture: up to 3,000 items, a colour for each domain.',
  flags: {
    ...BENCHED,
    out: { type: 'string', value: 'file.svg', default: 'docs/pictures/item-map.svg', says: 'the picture' },
  },
  examples: [{ run: 'item-map', says: 'of the demo bundle' }],
  json: 'the file, how many items, and the part of all differences that two directions hold',
} as const satisfies Command

const WRITE = { type: 'boolean', says: 'put the result into docs/performance.md, with pictures where it draws any' } as const

const DEADLINE = {
  type: 'string', value: 'ms', default: '250', says: 'of each request; a machine that others keep busy needs more',
} as const

export const BENCH_SERVE = {
  name: 'bench-serve',
  group: 'measure',
  summary: 'Throughput and latency of the service, beside its engine without HTTP and Fastify without an engine',
  says: 'At 1, 16 and 64 connections, in turns. Runs alone on 127.0.0.1.',
  flags: {
    ...BENCHED,
    seconds: { type: 'string', value: 's', default: '54', says: 'in all' },
    rounds: { type: 'string', value: 'n', default: '4', says: 'turns of each' },
    write: WRITE,
  },
  examples: [{ run: 'bench-serve', says: 'about a minute' }],
  json: 'every row',
} as const satisfies Command

export const BENCH_ENGINE = {
  name: 'bench-engine',
  group: 'measure',
  summary: 'What each lever of the engine is worth: off and on in turns, in CPU time',
  says: 'Needs hnswlib-node.',
  flags: {
    ...BENCHED,
    items: { type: 'string', value: 'n', default: '20000', says: 'of the made-up catalogue that is searched' },
    rounds: { type: 'string', value: 'n', default: '7', says: 'turns of each' },
    write: WRITE,
  },
  examples: [{ run: 'bench-engine --items 5000', says: 'under a minute' }],
  json: 'every row',
} as const satisfies Command

export const BENCH_PEERS = {
  name: 'bench-peers',
  group: 'measure',
  summary: 'The service, its parts, and FastAPI with onnxruntime and numpy or hnswlib at the same job',
  says: 'In turns, at 1, 16 and 64 connections, with CPU time; the load on a core of its own. The first run installs the ' +
    'Python packages into .cache/bench-peers.',
  flags: {
    ...BENCHED,
    seconds: { type: 'string', value: 's', default: '8', says: 'of each at each number of connections' },
    rounds: { type: 'string', value: 'n', default: '4', says: 'turns of each' },
    write: WRITE,
  },
  examples: [{ run: 'bench-peers --seconds 4', says: 'about two minutes' }],
  json: 'every row',
} as const satisfies Command

export const BENCH_SHED = {
  name: 'bench-shed',
  group: 'measure',
  summary: 'The service at half, one, two and four times its measured capacity, in an open loop',
  says: 'What it still answers well and in time, what it answers cheaply, what it refuses. Runs alone on 127.0.0.1, ' +
    'the load on a core of its own.',
  flags: {
    ...BENCHED,
    seconds: { type: 'string', value: 's', default: '5', says: 'at each load' },
    rounds: { type: 'string', value: 'n', default: '2', says: 'turns of each' },
    write: WRITE,
    deadline: DEADLINE,
  },
  examples: [{ run: 'bench-shed', says: 'under a minute' }],
  json: 'capacity and every row',
} as const satisfies Command

export const BENCH_NEW_DOMAIN = {
  name: 'bench-new-domain',
  group: 'measure',
  summary: 'Opens a domain in a served llm-recg bundle, and asks for what every user there did last',
  says: 'Seconds of the whole ingest, HR@10 beside chance with a paired test, and beside the domain\'s own popularity. ' +
    'Train the bundle on a log without the domain.',
  flags: {
    bundle: { type: 'string', value: 'folder', required: true, says: 'an llm-recg bundle without the domain' },
    data: { type: 'string', value: 'folder', required: true, multiple: true, says: 'raw events and items' },
    domain: { type: 'string', value: 'name', required: true, says: 'the one to open' },
  },
  examples: [{ run: 'bench-new-domain --bundle models/kitchen --data food-kitchen --domain food', says: 'some minutes' }],
  json: 'all of these figures',
} as const satisfies Command

export const BENCH_SOAK = {
  name: 'bench-soak',
  group: 'measure',
  summary: 'The service for long at half of its measured capacity: slope of memory, drift of p99, errors',
  says: 'Runs alone on 127.0.0.1, the load on a core of its own.',
  flags: {
    ...BENCHED,
    minutes: { type: 'string', value: 'n', default: '30', says: 'in all' },
    deadline: DEADLINE,
  },
  examples: [{ run: 'bench-soak --minutes 3', says: 'whether it works at all' }],
  json: 'what was offered, and every slice',
} as const satisfies Command

export const BENCH_SWAP = {
  name: 'bench-swap',
  group: 'measure',
  summary: 'One model swapped for another under load, over and over: p99 beside that of a service left alone, and errors',
  says: 'At half of the measured capacity. Runs alone on 127.0.0.1, the load on a core of its own.',
  flags: {
    ...BENCHED,
    seconds: { type: 'string', value: 's', default: '30', says: 'of each slice, which whole swaps have to fit into' },
    rounds: { type: 'string', value: 'n', default: '3', says: 'slices without swaps, and as many with' },
    deadline: DEADLINE,
    write: WRITE,
  },
  examples: [{ run: 'bench-swap', says: 'three minutes' }],
  json: 'what was offered, seconds of each swap, and the ratio of p99',
} as const satisfies Command

export const GPU_CHECK = {
  name: 'gpu-check',
  group: 'measure',
  summary: 'Whether this machine\'s GPU computes, whether it computes the same, and how much faster',
  says: 'Which providers load, and why not; encoder and exact search on CUDA beside the CPU, a training step on ' +
    'tfjs-node-gpu beside the CPU. Status 78 where CUDA does not load or computes something else. After setup-cuda; for ' +
    'the step after setup-native gpu.',
  flags: {
    catalogues: { type: 'string', value: 'n,n', default: '20000,1000000', says: 'items of each' },
    batches: { type: 'string', value: 'n,n', default: '1,32,256,1024', says: 'users at a time' },
    steps: { type: 'string', value: 'n', default: '8', says: 'of training, on each' },
    write: WRITE,
  },
  examples: [{ run: 'gpu-check --catalogues 2000 --batches 1,32 --steps 2', says: 'under a minute, on any machine' }],
  json: 'what loads, and every figure',
} as const satisfies Command

export const BENCH_INDEX = {
  name: 'bench-index',
  group: 'measure',
  summary: 'The approximate index and the service over catalogues of up to a million items',
  says: 'Build, files, memory, start, search, recall, and what is posted; the page is written anew, and sizes that are not ' +
    'run now keep their figures of the same bundle. A million items take a quarter of an hour of CPU and 8 GB. Runs alone ' +
    'on 127.0.0.1.',
  flags: {
    ...BENCHED,
    domain: { type: 'string', value: 'name', says: 'of the bundle; its first unless named' },
    sizes: { type: 'string', value: 'n,n', default: '10000,100000,1000000', says: 'items of each catalogue' },
    users: { type: 'string', value: 'n', default: '2000', says: 'whose vectors are the queries' },
    shards: { type: 'string', value: 'n', says: 'of the index; as an export would choose unless given' },
    out: { type: 'string', value: 'file', default: 'docs/performance/index.md', says: 'the page' },
  },
  examples: [{ run: 'bench-index --sizes 10000', says: 'a minute or two' }],
  json: 'every figure of the page',
} as const satisfies Command

export const BENCH_TRAIN = {
  name: 'bench-train',
  group: 'measure',
  summary: 'A training step beside the same model in PyTorch, in turns; or the memory of whole epochs',
  says: 'One thread each is the fair default: with more, PyTorch\'s spin while a neighbour has their core. The first run ' +
    'installs PyTorch from PyPI into .cache/bench-torch (some gigabytes); --backend native needs setup-native.',
  flags: {
    backend: { type: 'string', value: 'native-gpu|native|wasm|cpu', default: 'native', says: 'what computes' },
    threads: { type: 'string', value: 'n', default: '1', says: 'of each side' },
    in: { type: 'string', value: 'folder', says: 'what embed left: all steps of an epoch of it, instead of a made-up log' },
    steps: { type: 'string', value: 'n', default: '24', says: 'of each side' },
    items: { type: 'string', value: 'n', default: '10000', says: 'an even number' },
    batch: { type: 'string', value: 'n', default: '128', says: 'sequences a step' },
    epochs: { type: 'string', value: 'n', says: 'whole epochs of a generated log instead, without PyTorch' },
    system: {
      type: 'string', value: 'name', default: 'llm4cdsr', says: 'llm4cdsr, or llm-edt, its first phase; any with --epochs',
    },
  },
  examples: [
    { run: 'bench-train', says: 'step against step' },
    { run: 'bench-train --system llm-edt --batch 512', says: 'LLM-EDT, in batches as large as its paper has them' },
    { run: 'bench-train --in work/shop/embeddings', says: 'an epoch of a log of yours' },
    { run: 'bench-train --epochs 2', says: 'memory after each part of an epoch' },
  ],
  json: 'every figure of the report',
} as const satisfies Command

export const BENCH_PREPARE = {
  name: 'bench-prepare',
  group: 'measure',
  summary: 'Prepares a generated log, and prints how long that took and the most memory it held',
  flags: {
    events: { type: 'string', value: 'n', default: '20000000', says: 'of the log' },
    seed: { type: 'string', value: 'n', default: '42', says: 'of the log' },
    work: { type: 'string', value: 'folder', default: 'work/bench-prepare', says: 'where the log goes' },
  },
  examples: [{ run: 'bench-prepare --events 5000000', says: 'about a minute' }],
  json: 'seconds by stage, and peak memory',
} as const satisfies Command

export const RELIABILITY = {
  name: 'reliability',
  group: 'measure',
  summary: 'Runs the tests named by a promise of the service (P1 to P40), and writes docs/reliability.md',
  flags: {},
  examples: [{ run: 'reliability', says: 'needs a clone, and what the system tests need' }],
  exits: { 1: 'a promise was not held' },
} as const satisfies Command
