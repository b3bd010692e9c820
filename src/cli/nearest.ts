/** The one of `names` that `word` was probably meant to be: fewest edits, at most a third of it, or undefined. */
export function nearest (word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.floor(Math.max(word.length, 3) / 3) + 1
  for (const name of names) {
    const edits = distance(word, name)
    if (edits < least) [best, least] = [name, edits]
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that make one of the other. */
function distance (a: string, b: string): number {
  let [before, row]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(Math.min(
        row![j]! + 1, next[j - 1]! + 1, row![j - 1]! + (same ? 0 : 1), isSwap ? before![j - 2]! + 1 : Infinity))
    }
    [before, row] = [row, next]
  }
  return row![b.length]!
}
