/**
 * Runs `work(0)` to `work(count - 1)`, begun in this order and at most `atOnce` of them at a time. After the first that
 * fails none is begun; those under way are paid for already, so they are waited for before its error is thrown.
 */
export async function runPool (
  count: number, atOnce: number, work: (index: number) => Promise<void>
): Promise<void> {
  let next = 0
  const takeWork = async (): Promise<void> => {
    while (next < count) {
      await work(next++).catch((error: unknown) => {
        next = count
        throw error
      })
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, count) }, takeWork))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
