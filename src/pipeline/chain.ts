import { join } from 'node:path'
import type { BadRow } from '../data/bad-rows.ts'
import { prepare, STAGES } from '../data/prepare.ts'
import { publishedSet } from '../data/published/sets.ts'
import { resultsTable, sizesTable } from '../data/published/table.ts'
import { refuseSetting } from '../errors.ts'
import { figure } from '../evaluate/table.ts'
import type { StepManifest } from '../files/step.ts'
import { loadTf } from '../nn/tf.ts'
import type { Progress } from '../progress.ts'
import { mostEpochs } from '../systems/settings.ts'
import { progressReporter } from '../train/reporter.ts'
import { augmentStep } from './augment.ts'
import { embed } from './embed.ts'
import { chooseChat } from './chat-choice.ts'
import { chooseEmbedder, embedderNamed } from './embedder-choice.ts'
import { evaluateRun, openEvaluation } from './evaluate.ts'
import { exportStep } from './export.ts'
import type { PipelineSettings } from './pipeline-settings.ts'
import { profileStep } from './profile.ts'
import { openSpending } from './spending.ts'
import type { Step, StepOutcome } from './steps.ts'
import { trainStep } from './train.ts'

/** What every link of a chain may look at. */
export interface ChainContext {
  /** Files, or folders with `interactions*` and `items*`. */
  readonly data: readonly string[]
  /** The folder of all directories that the steps leave. */
  readonly work: string
  /** models/<name>, where the bundle's versions go. */
  readonly bundle?: string
  readonly settings: PipelineSettings
  /** Where embeddings are kept whatever the folder of work. */
  readonly cache: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** A progress line for one step. */
  readonly progress: (label: string, total: number, unit: string) => Progress
  readonly onBadRow: (row: BadRow) => void
  /** A line for people. */
  readonly say: (line: string) => void
}

/** Where the links of a chain leave their work, below `work`. */
export interface ChainFolders {
  readonly dataset: string
  readonly embeddings: string
  readonly augmentation: string
  readonly profiles: string
  readonly run: string
  readonly evaluation: string
}

export function chainFolders (work: string): ChainFolders {
  return {
    dataset: join(work, 'dataset'),
    embeddings: join(work, 'embeddings'),
    augmentation: join(work, 'augmentation'),
    profiles: join(work, 'profiles'),
    run: join(work, 'run'),
    evaluation: join(work, 'evaluation'),
  }
}

/**
 * From raw logs to the link named `last`: what the commands that train have in common. There are links `augment` and
 * `profile` where there are settings of them.
 */
export function chain (context: ChainContext, last: typeof LINKS[number]['name'] = 'export'): readonly Step[] {
  return LINKS.slice(0, LINKS.findIndex(({ name }) => name === last) + 1)
    .filter(({ name }) => (name !== 'profile' && name !== 'augment') || context.settings[name] !== undefined)
    .map(({ name, run }) => ({ name, run: () => run(context, chainFolders(context.work)) }))
}

interface Link {
  readonly name: 'prepare' | 'embed' | 'augment' | 'profile' | 'train' | 'evaluate' | 'export'
  readonly run: (context: ChainContext, folders: ChainFolders) => Promise<StepOutcome>
}

const LINKS: readonly Link[] = [
  {
    name: 'prepare',
    async run ({ data, settings, onBadRow, signal, progress, say }, { dataset: out }) {
      let line: Progress | undefined
      const done = await prepare({
        inputs: data,
        out,
        settings: settings.prepare,
        onBadRow,
        signal,
        onProgress (stages, stage, share) {
          line ??= progress('prepare', STAGES.length, 'stages')
          line.update(stages, `${stage} ${(100 * share).toFixed(0)} %`)
        },
      })
      line?.finish()
      const { source } = settings.prepare
      if (source !== undefined) say(sizesTable(publishedSet(source), done.manifest))
      return outcome(done, ({ users, events }) => `${String(users)} users, ${String(events)} events`)
    },
  },
  {
    name: 'embed',
    run: async ({ settings: { embed: { prompt, ...choice } }, env, cache, signal, progress }, folders) => {
      const embedder = chooseEmbedder(choice, env)
      return outcome(await embed({
        input: folders.dataset, out: folders.embeddings, embedder, prompt, cache, signal, ...shown(progress, 'embed', 'items'),
      }), ({ items }) => `${String(items)} item texts by ${embedder.id}`)
    },
  },
  {
    name: 'augment',
    async run ({ settings: { augment, embed: { baseUrl } }, env, cache, signal, progress }, folders) {
      const { chat, ...settings } = augment ?? refuseSetting('augment', 'has no settings')
      const spending = await openSpending({ cache })
      const { account } = spending
      const { finish, ...told } = shownStages(progress, 'augment', augmentUnit)
      const done = await augmentStep({
        input: folders.embeddings,
        out: folders.augmentation,
        settings,
        chat: chooseChat(chat, spending, env),
        embedderNamed: (embedder) => embedderNamed(embedder, baseUrl, env, { account, step: 'augment' }),
        cache,
        signal,
        ...told,
      }).finally(account.close)
      finish()
      return outcome(done, ({ syntheticEvents, perUser, chat }) =>
        `${String(syntheticEvents)} synthetic events by ${String(chat)}, ${Number(perUser).toFixed(2)} a user`)
    },
  },
  {
    name: 'profile',
    async run ({ settings: { augment, profile, embed: { baseUrl } }, env, cache, signal, progress }, folders) {
      const { chat, ...settings } = profile ?? refuseSetting('profile', 'has no settings')
      const spending = await openSpending({ cache })
      const { account } = spending
      const { finish, ...told } = shownStages(progress, 'profile', profileUnit)
      const done = await profileStep({
        input: augment === undefined ? folders.embeddings : folders.augmentation,
        out: folders.profiles,
        settings,
        chat: chooseChat(chat, spending, env),
        embedderNamed: (embedder) => embedderNamed(embedder, baseUrl, env, { account, step: 'profile' }),
        cache,
        signal,
        ...told,
      }).finally(account.close)
      finish()
      return outcome(done, ({ users, without, chat }) =>
        `profiles of ${Number(users) - Number(without)} users by ${String(chat)}`)
    },
  },
  {
    name: 'train',
    run: async ({ settings, signal, say }, { embeddings, augmentation, profiles, run }) =>
      outcome(await trainStep({
        input: settings.profile !== undefined ? profiles : settings.augment !== undefined ? augmentation : embeddings,
        out: run,
        settings: settings.train,
        openTf: () => loadTf(settings.backend),
        signal,
        onStart: ({ backend, gpu, parameters, resumed }) => say(
          `train: ${parameters} parameters on ${backend}${gpu ? ' with a GPU' : ''}` +
          (resumed ? `; goes on in epoch ${resumed.epoch} after ${resumed.step} steps` : '')),
        reporter: (settings) => progressReporter(mostEpochs(settings)),
      }), ({ epochs, best }) => {
        // Written by the step that has just run.
        const { epoch, validation } = best as { epoch: number, validation: Record<string, number> }
        return `best of ${String(epochs)} epochs is ${epoch}, validation NDCG@10 ${figure(validation['ndcg10'] ?? 0)}`
      }),
  },
  {
    name: 'evaluate',
    run: async ({ settings, signal, progress, say }, { run, evaluation: out }) => {
      const done = await evaluateRun({
        run,
        out,
        settings: settings.evaluate,
        openTf: () => loadTf(settings.backend),
        signal,
        ...shown(progress, 'evaluate', 'users'),
      })
      const { report: { full: { all } } } = await openEvaluation(out)
      const { source } = settings.prepare
      if (source !== undefined) say(resultsTable(publishedSet(source)))
      return outcome(done, () => `full ranking HR@10 ${figure(all.hr10)}, NDCG@10 ${figure(all.ndcg10)}`)
    },
  },
  {
    name: 'export',
    async run ({ settings, bundle: out = '', say, progress }, { evaluation: input }) {
      let line: Progress | undefined
      const { dir, manifest, skipped } = await exportStep({
        input,
        out,
        settings: settings.export,
        openTf: () => loadTf(settings.backend),
        log: (message) => say(`export: ${message}`),
        onProgress (done, total, part) {
          line ??= progress('export', total, 'parts')
          line.update(done, part)
        },
      })
      line?.finish()
      const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0)
      return { skipped, says: `${dir}, ${(bytes / 1e6).toFixed(1)} MB` }
    },
  },
]

/** A step's own result as the chain tells of it. */
export function outcome (
  { manifest, skipped }: { manifest: StepManifest, skipped: boolean }, says: (manifest: StepManifest) => string
): StepOutcome {
  return { skipped, digest: manifest.digest, says: says(manifest) }
}

/** The two callbacks by which a step shows how far it is. */
export function shown (
  progress: ChainContext['progress'], label: string, unit: string
): { onStart: (total: number) => void, onProgress: (done: number) => void } {
  let line: Progress | undefined
  let all = 0
  return {
    onStart (total) {
      all = total
      line = progress(label, total, unit)
    },
    onProgress (done) {
      line?.update(done)
      if (done === all) line?.finish()
    },
  }
}

/** What is counted in a stage of `augment`. */
export const augmentUnit = (stage: string): string => stage === 'generation' ? 'questions' : 'items'
/** What is counted in a stage of `profile`. */
export const profileUnit = (stage: string): string => stage === 'profiles' ? 'users' : stage

/** The two callbacks by which a step of several stages shows how far each is; `finish` ends the last line. */
export function shownStages (
  progress: ChainContext['progress'], label: string, unitOf: (stage: string) => string
): { onStage: (stage: string, total: number) => void, onProgress: (done: number) => void, finish: () => void } {
  let line: Progress | undefined
  const finish = (): void => { line?.finish() }
  return {
    onStage (stage, total) {
      finish()
      line = progress(`${label}: ${stage}`, total, unitOf(stage))
    },
    onProgress: (done) => line?.update(done),
    finish,
  }
}
