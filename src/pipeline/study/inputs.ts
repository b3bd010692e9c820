import { join } from 'node:path'
import { augmentSettings } from '../augment-settings.ts'
import { augmentStep } from '../augment.ts'
import { augmentUnit, chain, chainFolders, outcome, profileUnit, shownStages } from '../chain.ts'
import type { ChainContext } from '../chain.ts'
import { createMemo } from '../memo.ts'
import type { Memo } from '../memo.ts'
import { profileStep } from '../profile.ts'
import type { ProfileStep } from '../profile.ts'
import { runSteps } from '../steps.ts'
import type { Step } from '../steps.ts'
import type { StudyAugmentation, StudyInput } from './study.ts'

/** How users' profiles are written, whatever the input. */
export type Profiler = Pick<ProfileStep, 'settings' | 'chat' | 'embedderNamed' | 'cache'>

/** The directory of an input's embeddings; that of the data as it is, is shared with `results`. */
export function embeddingsOf (work: string, input: StudyInput): string {
  return chainFolders(folderOf(work, input)).embeddings
}

/** The directory of an input's item texts, with synthetic events where it has some. */
export function textsOf (work: string, input: StudyInput): string {
  const embeddings = embeddingsOf(work, input)
  return input.augment === undefined ? embeddings : `${embeddings}-augmented-${input.augment.name}`
}

/** The directory that a training on this input reads. */
export function inputDir (work: string, input: StudyInput): string {
  const texts = textsOf(work, input)
  return input.profiles === undefined ? texts : `${texts}-profiles-${input.profiles}`
}

/**
 * Prepares and embeds every input, has synthetic events made and its users' profiles written; what is there unchanged
 * is skipped.
 */
export async function makeInputs (
  inputs: readonly StudyInput[], context: ChainContext, profile: Profiler
): Promise<void> {
  const made = new Set<string>()
  const memo = createMemo()
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
    const [texts, out] = [textsOf(context.work, input), inputDir(context.work, input)]
    await runSteps([
      ...once(embeddingsOf(context.work, input), chain(own, 'embed')),
      ...(input.augment === undefined ? [] : once(texts, [augmented(input.augment, texts, own, profile, memo)])),
      ...(input.profiles === undefined ? [] : once(out, [profiles(input, texts, out, own, profile, memo)])),
    ], own)
  }
}

function folderOf (work: string, { name }: StudyInput): string {
  return name === '' ? work : join(work, 'variants', name)
}

function augmented (
  { name, settings }: StudyAugmentation, out: string, { work, signal, progress }: ChainContext,
  { settings: { seed }, ...profiler }: Profiler, memo: Memo
): Step {
  return {
    name: `augment (${name})`,
    async run () {
      const { chat: _, ...own } = augmentSettings({ seed, ...settings })
      const { finish, ...told } = shownStages(progress, `augment (${name})`, augmentUnit)
      const done = await augmentStep({
        ...profiler, input: chainFolders(work).embeddings, out, settings: own, memo, signal, ...told,
      })
      finish()
      return outcome(done, ({ syntheticEvents, augmentedUsers, chat }) =>
        `${String(syntheticEvents)} events of ${String(augmentedUsers)} users by ${String(chat)}`)
    },
  }
}

function profiles (
  input: StudyInput, texts: string, out: string, { signal, progress }: ChainContext,
  { settings, ...profiler }: Profiler, memo: Memo
): Step {
  const name = `profile (${input.profiles})`
  return {
    name,
    async run () {
      const { finish, ...told } = shownStages(progress, name, profileUnit)
      const done = await profileStep({
        ...profiler,
        input: texts,
        out,
        settings: {
          ...settings,
          mode: input.profiles === 'aware' ? 'domain-aware' : 'mixed',
          partition: input.profiles !== 'whole',
        },
        memo,
        signal,
        ...told,
      })
      finish()
      return outcome(done, ({ users, without, chat }) => `${Number(users) - Number(without)} users by ${String(chat)}`)
    },
  }
}
