import { defineConfig } from 'vitest/config'

const system = 'test/**/*.system.test.ts'

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [system], testTimeout: 30_000, hookTimeout: 30_000, pool: 'forks' } },
      // Processes, ports and native libraries: one file at a time, with time to start them.
      { test: { name: 'system', include: [system], testTimeout: 300_000, hookTimeout: 300_000, pool: 'forks', fileParallelism: false } },
    ],
  },
})
