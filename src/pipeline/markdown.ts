/** A table: the first row is the head; all columns but the first are figures. */
export function markdownTable ([head = [], ...rows]: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|---${'|---:'.repeat(head.length - 1)}|`, ...rows.map(line)].join('\n')
}

/** `width 128, preset product`. */
export function listed (settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')
}

/** The beginning of a digest, enough to tell two apart. */
export function shortDigest (digest: string): string {
  return `\`${digest.slice(0, 16)}\``
}
