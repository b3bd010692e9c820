import type { Command } from '../command.ts'
import {
  ADD_DOMAIN, AUGMENT, COSTS, DEMO, EMBED, EVALUATE, EXPORT, PIPELINE, PREPARE, PROFILE, SETUP_CUDA, SETUP_NATIVE,
  TRAIN,
} from './building.ts'
import { COMPLETION, DOCS, HELP, OPENAPI, SCREENSHOTS, SITE } from './developing.ts'
import {
  BENCH_ENGINE, BENCH_INDEX, BENCH_NEW_DOMAIN, BENCH_PEERS, BENCH_PREPARE, BENCH_SERVE, BENCH_SHED, BENCH_SOAK,
  BENCH_SWAP, BENCH_TRAIN, GPU_CHECK, ITEM_MAP, RELIABILITY, RESULTS, STUDY, TUNE,
} from './measuring.ts'
import { DOCTOR, IMPORT_EVENTS, NEW_KEY, START, STATE } from './serving.ts'

/**
 * Every command, in the order in which a reader meets them: the one table behind help, completion, the parsing of flags
 * and docs/reference/commands.md. Each has a file of its name in scripts/ and a script in package.json.
 */
export const COMMANDS: readonly Command[] = [
  START, DOCTOR, NEW_KEY, IMPORT_EVENTS, STATE,
  PIPELINE, PREPARE, EMBED, AUGMENT, PROFILE, COSTS, TRAIN, EVALUATE, EXPORT, ADD_DOMAIN, DEMO,
  SETUP_NATIVE, SETUP_CUDA,
  TUNE, RESULTS, STUDY, ITEM_MAP,
  BENCH_SERVE, BENCH_ENGINE, BENCH_PEERS, BENCH_SHED, BENCH_SOAK, BENCH_SWAP, BENCH_INDEX, BENCH_TRAIN, BENCH_PREPARE,
  BENCH_NEW_DOMAIN, GPU_CHECK, RELIABILITY,
  OPENAPI, DOCS, SITE, SCREENSHOTS, COMPLETION, HELP,
]
