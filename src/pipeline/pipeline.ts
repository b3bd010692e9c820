import { join } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { chain } from './chain.ts'
import type { ChainContext } from './chain.ts'
import { runSteps } from './steps.ts'

/** What a bundle may be called: a folder of models/, and a name in answers, metrics and logs. */
const BUNDLE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

export interface PipelineOptions {
  readonly name: string
  /** The folder of bundles. */
  readonly models: string
  readonly context: Omit<ChainContext, 'bundle'>
}

/**
 * From raw logs to a bundle that can be served: every step of the chain, each skipped where nothing has changed, each
 * going on where it was stopped. Gives the bundle's folder. Throws `config_invalid` for a name that is no bundle's.
 */
export async function pipeline ({ name, models, context }: PipelineOptions): Promise<string> {
  if (!BUNDLE_NAME.test(name)) {
    throw new IsthmusError('config_invalid', 'name is made of small letters, digits, ".", "_" and "-"', {
      place: { field: 'name' },
    })
  }
  const bundle = join(models, name)
  await runSteps(chain({ ...context, bundle }), context)
  return bundle
}
