/**
 * A user's purchases by the cluster of the item, each part in the order of time and cut to its latest `cap`
 * (LLM4CDSR, section 3.4.1).
 * @param sequence     global item ids, oldest first
 * @param clusterOf    [items], the cluster of global id g at g - 1
 * @returns `clusters` parts, some of which may be empty
 */
export function partition (
  sequence: ArrayLike<number>, clusterOf: ArrayLike<number>, clusters: number, cap = Infinity
): number[][] {
  const parts: number[][] = Array.from({ length: clusters }, () => [])
  for (let i = 0; i < sequence.length; i++) parts[clusterOf[sequence[i]! - 1]!]!.push(sequence[i]!)
  return parts.map((part) => part.slice(Math.max(0, part.length - cap)))
}
