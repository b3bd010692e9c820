import { join } from 'node:path'
import { chain, chainFolders, outcome } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { profileStep } from '../profile.ts'
import type { ProfileStep } from '../profile.ts'
import { runSteps } from '../steps.ts'
import type { Step } from '../steps.ts'
import type { StudyInput } from './study.ts'

/** How users' profiles are written, whatever the input. */
export type Profiler = Pick<ProfileStep, 'settings' | 'chat' | 'embedderNamed' | 'cache'>

/** The directory of an input's embeddings; that of the data as it is, is shared with `results`. */
export function embeddingsOf (work: string, input: StudyInput): string {
  return chainFolders(folderOf(work, input)).embeddings
}

/** The directory that a training on this input reads. */
export function inputDir (work: string, input: StudyInput): string {
  const embeddings = embeddingsOf(work, input)
  return input.profiles === undefined ? embeddings : `${embeddings}-profiles-${input.profiles}`
}

/** Prepares and embeds every input, and has its users' profiles written; what is there unchanged is skipped. */
export async function makeInputs (
  inputs: readonly StudyInput[], context: ChainContext, profile: Profiler
): Promise<void> {
  const made = new Set<string>()
  /** Nothing where another input has asked for it already. */
  const once = (dir: string, steps: readonly Step[]): readonly Step[] => {
    const known = made.has(dir)
    made.add(dir)
    return known ? [] : steps
  }
  for (const input of inputs) {
    const { prepare, ...settings } = context.settings
    const own: ChainContext = {
      ...context,
      work: folderOf(context.work, input),
      settings: { ...settings, prepare: { ...prepare, ...input.vary } },
    }
    const out = inputDir(context.work, input)
    await runSteps([
      ...once(embeddingsOf(context.work, input), chain(own, 'embed')),
      ...(input.profiles === undefined ? [] : once(out, [profiles(input, out, own, profile)])),
    ], own)
  }
}

function folderOf (work: string, { name }: StudyInput): string {
  return name === '' ? work : join(work, 'variants', name)
}

function profiles (
  input: StudyInput, out: string, { work, signal }: ChainContext, { settings, ...profiler }: Profiler
): Step {
  return {
    name: `profile (${input.profiles})`,
    run: async () => outcome(await profileStep({
      ...profiler,
      input: chainFolders(work).embeddings,
      out,
      settings: { ...settings, partition: input.profiles === 'clusters' },
      signal,
    }), ({ users, without, chat }) => `${Number(users) - Number(without)} users by ${String(chat)}`),
  }
}
