import { IsthmusError } from '../errors.ts'
import { duration } from '../progress.ts'

/** What a step came to. */
export interface StepOutcome {
  /** Nothing had to be done: what is there was made from the same input and settings. */
  readonly skipped: boolean
  /** Of the directory it left; the next step's manifest carries it. */
  readonly digest?: string
  /** One line for people: what there is now. */
  readonly says: string
}

/** One link of a chain: reads what the one before left, and decides by itself whether there is anything to do. */
export interface Step {
  readonly name: string
  readonly run: () => Promise<StepOutcome>
}

export interface RunStepsOptions {
  /** A line for people, one per step begun and one per step over. */
  readonly say: (line: string) => void
  /** Aborted: no further step begins; the one under way sees the same signal and stops by itself. */
  readonly signal?: AbortSignal
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

/**
 * Runs steps in order; says of each its name, whether and why it was skipped, and how long it took. An error names its
 * step first and ends the chain: what earlier steps left stays, so that the same call goes on from there.
 */
export async function runSteps (
  steps: readonly Step[], { say, signal, now = () => performance.now() }: RunStepsOptions
): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = []
  for (const [at, { name, run }] of steps.entries()) {
    const label = `[${at + 1}/${steps.length}] ${name}`
    if (signal?.aborted === true) throw new IsthmusError('interrupted', `stopped before ${name}`)
    say(`${label} …`)
    const started = now()
    const outcome = await run().catch((error: unknown) => {
      say(`${label}: ${signal?.aborted === true ? 'stopped' : 'failed'} after ${duration((now() - started) / 1000)}`)
      throw error
    })
    const took = duration((now() - started) / 1000)
    const how = outcome.skipped ? `skipped, unchanged since it was made (checked in ${took})` : `done in ${took}`
    const digest = outcome.digest === undefined ? '' : `; digest ${outcome.digest.slice(0, 12)}`
    say(`${label}: ${how}: ${outcome.says}${digest}`)
    outcomes.push(outcome)
  }
  return outcomes
}
