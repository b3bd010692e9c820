import type { CellFolders } from '../../cells/cell.ts'
import type { StudyCame, StudyRow } from '../study.ts'

/** The row of that name in a section, with the folders of its cells that are done; undefined where none is. */
export function rowNamed (
  { done }: StudyCame, section: string, name: string
): { readonly row: StudyRow, readonly cells: readonly CellFolders[] } | undefined {
  const found = [...done].find(([row]) => row.section === section && row.name === name)
  return found && { row: found[0], cells: found[1] }
}
