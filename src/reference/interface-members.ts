import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { IsthmusError } from '../errors.ts'
import { packageRoot } from '../paths.ts'

/** A member of an interface as its source has it. */
export interface Member {
  readonly name: string
  /** What its comment says, on one line; empty where it has none. */
  readonly says: string
  readonly type: string
}

/** The members of an interface of ours, in the order of the source. `file` is a path below the project's root. */
export async function interfaceMembers (file: string, name: string): Promise<Member[]> {
  const source = ts.createSourceFile(
    file, await readFile(join(packageRoot, file), 'utf8'), ts.ScriptTarget.Latest, true)
  const found = source.statements.filter((statement) => ts.isInterfaceDeclaration(statement))
    .find((statement) => statement.name.text === name)
  if (found === undefined) {
    throw new IsthmusError('artefact_invalid', `${file} has no interface ${name}`)
  }
  return found.members.filter((member) => ts.isPropertySignature(member)).map((member) => ({
    name: member.name.getText(source),
    says: ts.getJSDocCommentsAndTags(member)
      .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' ').replace(/\s+/g, ' '),
    type: member.type?.getText(source).replace(/\s+/g, ' ') ?? '',
  }))
}
