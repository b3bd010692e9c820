import { join } from 'node:path'
import type { DuckDBValue } from '@duckdb/node-api'

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
  close: () => void
}

/**
 * Opens a database on disk inside `folder`. The library is loaded here and not at import, so that serving, which
 * shares this room's window code, never loads it.
 */
export async function openDatabase (folder: string, limits: DatabaseLimits = DEFAULT_LIMITS): Promise<Database> {
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
  return {
    async run (sql) {
      await connection.run(sql)
    },
    async rows <R> (sql: string) {
      return (await connection.runAndReadAll(sql)).getRowObjects() as R[]
    },
    async * stream (sql) {
      const result = await connection.stream(sql)
      while (true) {
        const chunk = await result.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) return
        yield chunk.getColumns()
      }
    },
    close () {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A text as an SQL literal. */
export function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as an SQL identifier. */
export function identifier (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
