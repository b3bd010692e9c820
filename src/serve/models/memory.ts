import type { Manifest } from '../../bundle/manifest.ts'
import { IsthmusError } from '../../errors.ts'

/** A runtime, its threads and a margin, in bytes. */
const BASE = 128 * 1024 * 1024
/** Vectors are held here, in ONNX Runtime or in an index, and for a moment as they were read. */
const TIMES = 3

/** Bytes that an engine needs for a bundle: an estimate from above, by the sizes of what it keeps in memory. */
export function memoryNeeded ({ files }: Pick<Manifest, 'files'>): number {
  const kept = files.filter(({ path }) => !path.startsWith('audit/') && path !== 'histories.jsonl.gz' && path !== 'text.f32')
  return BASE + TIMES * kept.reduce((sum, { size }) => sum + size, 0)
}

/**
 * Fails with `insufficient_memory` where a bundle would not fit beside the one that answers: better before it is loaded
 * than by the kernel's choice of a process. @param available bytes, `process.availableMemory` unless told
 */
export function checkMemory (manifest: Pick<Manifest, 'files'>, available = process.availableMemory()): void {
  const needed = memoryNeeded(manifest)
  if (needed <= available) return
  throw new IsthmusError('insufficient_memory', `the bundle needs ${mib(needed)} MiB, and ${mib(available)} are left`)
}

function mib (bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}
