import type { HistoryEntry } from '../state/stores.ts'

/** What a caller says a session did. Without a timestamp it is newer than everything that has one. */
export interface GivenEntry { readonly itemId: string, readonly timestamp?: number | undefined }

/**
 * One history from what is stored and what a caller gives: stored then given, stably sorted by timestamp, entries
 * without one last and in the order given. An item that is in both counts once, at its latest place.
 */
export function mergeHistory (stored: readonly HistoryEntry[], given: readonly GivenEntry[]): string[] {
  const entries: readonly GivenEntry[] = [...stored, ...given]
  const sorted = entries.toSorted((a, b) => time(a) - time(b) || 0)
  if (stored.length === 0 || given.length === 0) return sorted.map(({ itemId }) => itemId)
  const inGiven = new Set(given.map(({ itemId }) => itemId))
  const inBoth = new Set(stored.map(({ itemId }) => itemId).filter((itemId) => inGiven.has(itemId)))
  const placed = new Set<string>()
  const merged: string[] = []
  for (const { itemId } of sorted.toReversed()) {
    if (inBoth.has(itemId) && placed.has(itemId)) continue
    placed.add(itemId)
    merged.push(itemId)
  }
  return merged.reverse()
}

/** Infinity - Infinity is NaN, which `|| 0` reads as equal. */
function time ({ timestamp }: GivenEntry): number {
  return timestamp ?? Infinity
}
