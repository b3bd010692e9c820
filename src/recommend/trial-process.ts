import { constants, getPriority, setPriority } from 'node:os'

const { PRIORITY_BELOW_NORMAL } = constants.priority
// What answers comes first. Not the lowest, so that a trial still gets a tenth of a busy core and comes to its end.
if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL)

// Imported late: half a second of reading and compiling code would else have the priority of what answers.
await import('./try-bundles.ts')
