import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** What a test measured, as docs/reliability.md shows it. */
    figures?: string[]
  }
}

/** Notes what a test measured; nothing is asserted of it. @param what e.g. `p99 12 ms, 0 lost of 1,000` */
export function figure ({ task }: Pick<TestContext, 'task'>, what: string): void {
  task.meta.figures = [...task.meta.figures ?? [], what]
}
