import { prepareSettings } from '../data/prepare-settings.ts'
import type { PrepareSettings } from '../data/prepare-settings.ts'
import { refuseSetting } from '../errors.ts'
import { augmentSettings } from './augment-settings.ts'
import type { AugmentSettings } from './augment-settings.ts'
import { embedSettings } from './embed-settings.ts'
import type { EmbedSettings } from './embed-settings.ts'
import { evaluateSettings } from './evaluate-settings.ts'
import type { EvaluateSettings } from './evaluate-settings.ts'
import { exportSettings } from './export/export-settings.ts'
import type { ExportSettings } from './export/export-settings.ts'
import { profileSettings } from './profile-settings.ts'
import type { ProfileSettings } from './profile-settings.ts'
import { backendChoice, trainSettings } from './train-settings.ts'
import type { TrainSettings } from './train-settings.ts'

/** Settings of a whole chain, by step. */
export interface PipelineSettings {
  readonly prepare: PrepareSettings
  readonly embed: EmbedSettings
  /** Absent: users get no synthetic events. */
  readonly augment?: AugmentSettings
  /** Absent: users get no profiles. */
  readonly profile?: ProfileSettings
  readonly train: TrainSettings
  readonly evaluate: EvaluateSettings
  readonly export: ExportSettings
  readonly backend: ReturnType<typeof backendChoice>
}

/** What the flags of a chain may set; a flag that was not given is absent. */
export interface PipelineFlags {
  readonly system?: string
  readonly preset?: string
  readonly epochs?: string
  readonly kCore?: string
  readonly ties?: string
  /** A published data set. */
  readonly source?: string
  readonly backend?: string
  /** Of every step that has one. */
  readonly seed?: string
  /** Of export: encoders in int8 are tried. */
  readonly int8?: boolean
}

const SECTIONS = ['prepare', 'embed', 'augment', 'profile', 'train', 'evaluate', 'export'] as const

/**
 * The settings of every step, all checked before the first begins. A config file has a section for each step, with what
 * that step's own config file may hold; a flag wins. Throws `config_invalid` with the field.
 */
export function pipelineSettings (
  flags: PipelineFlags, config: Readonly<Record<string, unknown>> = {}
): PipelineSettings {
  const stray = Object.keys(config).find((name) => !SECTIONS.some((section) => section === name))
  if (stray !== undefined) refuseSetting(stray, `is no section; there are ${SECTIONS.join(', ')}`)
  const section = (name: typeof SECTIONS[number]): Record<string, unknown> => {
    const value = config[name] ?? {}
    if (typeof value !== 'object' || Array.isArray(value)) refuseSetting(name, 'is a JSON object')
    // An object that is no list, whose members the step's own parser checks.
    return value as Record<string, unknown>
  }
  const { system, preset, epochs, kCore, ties, source, seed, int8 } = flags
  const set = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined))
  const withSeed = (name: typeof SECTIONS[number]): Record<string, unknown> =>
    ({ ...section(name), ...(seed !== undefined && { seed: Number(seed) }) })
  return {
    prepare: prepareSettings({ ...section('prepare'), ...set({ kCore, ties, source, seed }) }),
    embed: embedSettings({}, section('embed')),
    ...(config['augment'] !== undefined && { augment: augmentSettings(withSeed('augment')) }),
    ...(config['profile'] !== undefined && { profile: profileSettings(withSeed('profile')) }),
    train: trainSettings(set({ system, preset, epochs, seed }), section('train')),
    evaluate: evaluateSettings(withSeed('evaluate')),
    export: exportSettings({ ...section('export'), ...(int8 !== undefined && { int8 }) }),
    backend: backendChoice(flags.backend ?? 'auto'),
  }
}
