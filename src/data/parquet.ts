import { IsthmusError } from '../errors.ts'
import { columnMissing, peek } from './columns.ts'
import type { Column } from './columns.ts'
import { identifier, literal } from './duckdb.ts'
import type { Database } from './duckdb.ts'
import type { Source } from './sources.ts'

/** SQL for the rows of a Parquet file. Throws `input_unreadable` also where a column of texts holds lists. */
export async function parquetSql (db: Database, source: Source, columns: readonly Column[]): Promise<string> {
  const file = `read_parquet(${literal(source.path)}, file_row_number = true)`
  const described = await peek<{ column_name: string, column_type: string }>(db, source, `DESCRIBE SELECT * FROM ${file}`)
  const values = columns.map((column) => {
    const found = described.find(({ column_name: name }) => name === column.name || name === column.alias)
    if (found !== undefined) return `${textOf(source, column, found.column_name, found.column_type)} AS ${column.name}`
    if (column.required) throw columnMissing(source, column)
    return `NULL::VARCHAR AS ${column.name}`
  })
  return `SELECT file_row_number + 1 AS n, NULL::VARCHAR AS problem, ${values.join(', ')} FROM ${file}`
}

/** A Parquet value as the text that the other formats would hold. */
function textOf (source: Source, column: Column, name: string, type: string): string {
  const value = identifier(name)
  const nested = /\[|\(/.test(type) && !type.startsWith('DECIMAL')
  if (nested && column.nested !== true) {
    throw new IsthmusError('input_unreadable', `${source.name}: the column "${name}" holds lists or objects`, {
      place: { file: source.path, field: column.name },
    })
  }
  return `nullif(trim(CAST(${nested ? `to_json(${value})` : value} AS VARCHAR)), '')`
}
