import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { openBundle } from '../bundle/open.ts'
import { CURRENT_FILE } from '../bundle/pointer.ts'
import { figure } from '../evaluate/table.ts'
import { chainFolders, outcome, shown } from './chain.ts'
import type { ChainContext } from './chain.ts'
import { SHOP, writeShop } from './demo-files.ts'
import { evaluateBaseline, openEvaluation } from './evaluate.ts'
import { pipelineSettings } from './pipeline-settings.ts'
import type { PipelineFlags, PipelineSettings } from './pipeline-settings.ts'
import { pipeline } from './pipeline.ts'
import { runSteps } from './steps.ts'

/** The name of the bundle in the repository, which `npm start` serves. */
export const DEMO = 'demo'

const USERS = 3_200

/** Small enough for a repository, and for a few minutes on wasm; of the preset `product` in everything else. */
const CONFIG = {
  prepare: { kCore: 'none', ties: 'input' },
  train: {
    width: 64,
    length: 40,
    dropout: 0.2,
    learningRate: 0.001,
    sharedNegatives: 1024,
    epochs: 16,
    patience: 3,
  },
  export: { generated: true },
} as const

export interface DemoOptions {
  readonly context: Omit<ChainContext, 'data' | 'settings' | 'bundle'>
  /** The folder of bundles. */
  readonly models: string
  readonly flags?: Pick<PipelineFlags, 'backend' | 'epochs' | 'seed'>
  /** Shoppers of the generated shop. */
  readonly users?: number
}

/** HR@10 and NDCG@10 over all users, full ranking. */
export interface DemoFigures { readonly hr10: number, readonly ndcg10: number }

export interface Demo {
  /** The folder of the bundle's one version. */
  readonly dir: string
  readonly trained: DemoFigures
  /** Of the list of what sells best, on the same users. */
  readonly popularity: DemoFigures
}

/** The settings of the chain that makes the demo. Throws `config_invalid` with the field. */
export function demoSettings (flags: NonNullable<DemoOptions['flags']> = {}): PipelineSettings {
  return pipelineSettings({ ...flags, system: 'llm4cdsr', preset: 'product' }, CONFIG)
}

/**
 * Generates the shop, runs the whole chain on it into models/demo, and says what it is worth beside popularity. What
 * is there unchanged is skipped. Versions of the bundle that are served no longer are removed: the folder stands in
 * the repository.
 */
export async function demo ({ context, models, flags, users = USERS }: DemoOptions): Promise<Demo> {
  const settings = demoSettings(flags)
  const { signal, progress, work } = context
  const shop = join(work, 'shop')
  const seed = settings.prepare.seed
  await runSteps([{
    name: SHOP,
    run: async () => outcome(await writeShop(shop, { seed, users }), ({ items, events }) =>
      `${String(items)} made-up items, ${String(events)} made-up purchases in ${shop}`),
  }], context)
  const bundle = await pipeline({ name: DEMO, models, context: { ...context, data: [shop], settings } })

  const { dataset, evaluation } = chainFolders(work)
  const out = join(work, 'popularity')
  await runSteps([{
    name: 'popularity',
    run: async () => outcome(await evaluateBaseline('popularity', {
      dataset, out, settings: settings.evaluate, signal, ...shown(progress, 'popularity', 'users'),
    }), () => 'what sells best, for comparison'),
  }], context)
  const { dir } = await openBundle(bundle)
  await removeOthers(bundle, basename(dir))
  const [trained, popularity] = [await figuresOf(evaluation), await figuresOf(out)]
  context.say(`full ranking HR@10 ${figure(trained.hr10)}, by popularity ${figure(popularity.hr10)}`)
  return { dir, trained, popularity }
}

async function figuresOf (evaluation: string): Promise<DemoFigures> {
  const { hr10, ndcg10 } = (await openEvaluation(evaluation)).report.full.all
  return { hr10, ndcg10 }
}

async function removeOthers (bundle: string, served: string): Promise<void> {
  const others = (await readdir(bundle)).filter((name) => name !== CURRENT_FILE && name !== served)
  for (const name of others) await rm(join(bundle, name), { recursive: true })
}
