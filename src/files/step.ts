import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { IsthmusError } from '../errors.ts'
import { canonicalJson, isNotFound, sha256, sha256File } from './hash.ts'
import { readJson, readNames } from './read.ts'
import { jsonText, syncFolder, writeFileAtomic } from './write.ts'

/** What a step was, or shall be, made from. `settings` holds every resolved value that changes the output. */
export interface StepPlan {
  readonly step: string
  /** The directory read, and the digest of what was in it. */
  readonly input?: { readonly dir: string, readonly digest: string }
  readonly settings: Readonly<Record<string, unknown>>
}

/** `manifest.json` of a step's directory. Beside these fields it holds those that the step itself adds. */
export interface StepManifest {
  readonly format: 1
  readonly step: string
  /** ISO time; the only field two equal runs may differ in, and so no part of `digest`. */
  readonly created: string
  /** sha256 over step, input digest, settings and the files. */
  readonly digest: string
  /** `dir` is relative to the directory that holds this manifest. */
  readonly input?: { readonly dir: string, readonly digest: string }
  readonly settings: Readonly<Record<string, unknown>>
  /** By path inside the directory, with `/`. */
  readonly files: Readonly<Record<string, { readonly sha256: string, readonly bytes: number }>>
  readonly [field: string]: unknown
}

const MANIFEST = 'manifest.json'

/**
 * Makes a step's directory: `fill` writes its files into a temporary sibling and returns further manifest fields;
 * then everything is flushed and renamed to `out`, which is therefore absent, the old one, or whole.
 * A directory at `out` that no step left there is refused (`artefact_path_invalid`), not deleted.
 * One process at a time may write one `out`.
 */
export async function writeStep (
  out: string, plan: StepPlan, fill: (dir: string) => Promise<Readonly<Record<string, unknown>>>
): Promise<StepManifest> {
  const target = resolve(out)
  const sibling = (kind: string): string => join(dirname(target), `.${basename(target)}.${kind}`)
  const partial = sibling('partial')
  await refuseForeign(target)
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  try {
    const fields = await fill(partial)
    const files = await hashFiles(partial)
    const digest = sha256(canonicalJson({
      step: plan.step, input: plan.input?.digest, settings: plan.settings, files,
    }))
    const manifest: StepManifest = {
      ...fields,
      format: 1,
      step: plan.step,
      created: new Date().toISOString(),
      digest,
      ...(plan.input && { input: { dir: relative(target, resolve(plan.input.dir)), digest: plan.input.digest } }),
      settings: plan.settings,
      files,
    }
    await writeFileAtomic(join(partial, MANIFEST), jsonText(manifest))
    await replace(partial, target, sibling('old'))
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
}

/**
 * The manifest of a directory that `step` left. Throws `artefact_missing`, `artefact_invalid` (not a manifest, or
 * another step's), `format_unsupported`, and `artefact_checksum_mismatch` where a file is not the one written.
 */
export async function readStep (dir: string, step: string): Promise<StepManifest> {
  const manifest = await readManifest(dir)
  if (manifest.step !== step) {
    throw new IsthmusError('artefact_invalid', `${dir} was made by the step "${manifest.step}", not by "${step}"`, {
      place: { file: join(dir, MANIFEST), field: 'step' },
    })
  }
  for (const [name, { sha256: wanted }] of Object.entries(manifest.files)) {
    const path = join(dir, name)
    if (await sha256File(path) !== wanted) {
      throw new IsthmusError('artefact_checksum_mismatch', `${path} has changed since it was written`, {
        place: { file: path },
      })
    }
  }
  return manifest
}

/** The step that left a directory. Throws as `readStep` does where it is none's. */
export async function stepOf (dir: string): Promise<string> {
  return (await readManifest(dir)).step
}

/** Whether `out` already holds what `plan` would make: same step, input digest and settings, all files in place. */
export async function isCurrent (out: string, plan: StepPlan): Promise<boolean> {
  try {
    const manifest = await readManifest(out)
    const wanted = canonicalJson([plan.step, plan.input?.digest, plan.settings])
    if (canonicalJson([manifest.step, manifest.input?.digest, manifest.settings]) !== wanted) return false
    for (const [name, { bytes }] of Object.entries(manifest.files)) {
      if ((await stat(join(out, name))).size !== bytes) return false
    }
    return true
  } catch (error) {
    if (error instanceof IsthmusError || isNotFound(error)) return false
    throw error
  }
}

async function readManifest (dir: string): Promise<StepManifest> {
  const path = join(dir, MANIFEST)
  const value = await readJson(path)
  if (typeof value !== 'object' || value === null || !('format' in value) || !('step' in value) || !('files' in value)) {
    throw new IsthmusError('artefact_invalid', `${path} is not the manifest of a step`, { place: { file: path } })
  }
  if (value.format !== 1) {
    throw new IsthmusError('format_unsupported', `${path}: this version reads format 1`, {
      place: { file: path, field: 'format' },
    })
  }
  // Only writeStep makes files that pass the three checks above.
  return value as StepManifest
}

async function hashFiles (dir: string): Promise<Record<string, { sha256: string, bytes: number }>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/')).sort()
  const files: Record<string, { sha256: string, bytes: number }> = {}
  for (const name of names) {
    const path = join(dir, name)
    await syncFile(path)
    files[name] = { sha256: await sha256File(path), bytes: (await stat(path)).size }
  }
  return files
}

/** Directories cannot be exchanged in one call: the old one steps aside, and a crash between leaves it beside `out`. */
async function replace (partial: string, target: string, old: string): Promise<void> {
  await rm(old, { recursive: true, force: true })
  await rename(target, old).catch((error: unknown) => { if (!isNotFound(error)) throw error })
  await rename(partial, target)
  await syncFolder(dirname(target))
  await rm(old, { recursive: true, force: true })
}

async function refuseForeign (target: string): Promise<void> {
  const names = await readNames(target)
  if (names.length > 0 && !names.includes(MANIFEST)) {
    throw new IsthmusError('artefact_path_invalid', `${target} holds other files; name an empty or a new directory`, {
      place: { file: target },
    })
  }
}

async function syncFile (path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
