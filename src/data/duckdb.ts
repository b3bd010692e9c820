import { join } from 'node:path'
import type { DuckDBValue } from '@duckdb/node-api'
import { IsthmusError } from '../errors.ts'

/** How much of the machine the database may take; what does not fit in memory goes to files in its folder. */
export interface DatabaseLimits {
  /** As DuckDB writes it, e.g. `1GB`. */
  readonly memory: string
  readonly threads: number
}

export const DEFAULT_LIMITS: DatabaseLimits = { memory: '1GB', threads: 2 }

/** A DuckDB database in one folder, which its opener closes and deletes. BIGINT is to be cast to DOUBLE in the SQL. */
export interface Database {
  run: (sql: string) => Promise<void>
  /** A small result, whole. `R` describes the columns that the SQL names. */
  rows: <R>(sql: string) => Promise<R[]>
  /** A large result in chunks of about 2,048 rows, each as its columns. */
  stream: (sql: string) => AsyncGenerator<readonly (readonly DuckDBValue[])[]>
  /** How far the query under way is, from 0 to 1; below 0 where the database cannot tell. */
  progress: () => number
  close: () => void
}

/**
 * Opens a database on disk inside `folder`. The library is loaded here and not at import, so that serving, which
 * shares this room's window code, never loads it. When `signal` is aborted, the query under way stops and throws
 * `interrupted`, and so does every later one.
 */
export async function openDatabase (
  folder: string, limits: DatabaseLimits = DEFAULT_LIMITS, signal?: AbortSignal
): Promise<Database> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(join(folder, 'work.duckdb'), {
    memory_limit: limits.memory,
    threads: String(limits.threads),
    temp_directory: join(folder, 'spill'),
    // Input files are data: nothing in them or in a path may fetch an extension.
    autoinstall_known_extensions: 'false',
  })
  const connection = await instance.connect()
  // A time without a zone means the same on every machine.
  await connection.run("SET TimeZone = 'UTC'")
  // Counted, for `progress`, and not printed.
  await connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false')
  const interrupt = (): void => { connection.interrupt() }
  signal?.addEventListener('abort', interrupt)
  /** What fails after an abort fails because of it. */
  const stoppable = async <T> (query: () => Promise<T>): Promise<T> => {
    try {
      if (signal?.aborted !== true) return await query()
    } catch (error) {
      if (signal?.aborted !== true) throw error
    }
    throw stopped()
  }
  return {
    async run (sql) {
      await stoppable(() => connection.run(sql))
    },
    async rows <R> (sql: string) {
      const reader = await stoppable(() => connection.runAndReadAll(sql))
      // The caller knows the columns that its own SQL names.
      return reader.getRowObjects() as R[]
    },
    async * stream (sql) {
      const result = await stoppable(() => connection.stream(sql))
      while (true) {
        const chunk = await stoppable(() => result.fetchChunk())
        if (chunk === null || chunk.rowCount === 0) return
        yield chunk.getColumns()
      }
    },
    progress: () => connection.progress.percentage / 100,
    close () {
      signal?.removeEventListener('abort', interrupt)
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** The error for work that was told to stop. */
export function stopped (): IsthmusError {
  return new IsthmusError('interrupted', 'stopped before the end; nothing was changed')
}

/** A text as an SQL literal. */
export function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as an SQL identifier. */
export function identifier (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
