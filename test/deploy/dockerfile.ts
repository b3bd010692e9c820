export interface Instruction { readonly name: string, readonly text: string }
export interface Stage { readonly name: string, readonly base: string, readonly instructions: readonly Instruction[] }

/** The stages of a Dockerfile, each of which has a name. */
export function parseDockerfile (dockerfile: string): Stage[] {
  const lines = dockerfile.replaceAll(/\\\n/g, ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const found: Array<{ name: string, base: string, instructions: Instruction[] }> = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    const [, base, stage] = name === 'FROM' ? /^(\S+) AS (\S+)$/.exec(rest) ?? [] : []
    if (base !== undefined && stage !== undefined) found.push({ name: stage, base, instructions: [] })
    else found.at(-1)?.instructions.push({ name, text: rest })
  }
  return found
}
