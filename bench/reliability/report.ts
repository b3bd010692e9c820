import { promisesOf, PROMISES } from './promises.ts'

/** What is read of a report of vitest's JSON reporter. */
export interface VitestReport {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{
      readonly title: string
      readonly status: string
      readonly meta?: { readonly figures?: readonly string[] }
    }>
  }>
}

interface Held {
  readonly file: string
  readonly title: string
  readonly status: string
  readonly figures: readonly string[]
}

export interface Machine { readonly node: string, readonly cores: number, readonly date: string }

/** docs/reliability.md: each promise with the tests that hold it, whether they passed, and what they measured. */
export function reliabilityPage (report: VitestReport, { node, cores, date }: Machine, root: string): string {
  const held = new Map<number, Held[]>([...PROMISES.keys()].map((number) => [number, []]))
  for (const { name, assertionResults } of report.testResults) {
    const file = name.startsWith(root) ? name.slice(root.length).replace(/^\//, '') : name
    for (const { title, status, meta } of assertionResults) {
      const one = { file, title: title.replace(/^[^:]*: /, ''), status, figures: meta?.figures ?? [] }
      for (const number of promisesOf(title)) held.get(number)?.push(one)
    }
  }
  const rows = [...PROMISES].map(([number, promise]) => {
    const tests = held.get(number) ?? []
    return `| P${number} | ${cell(promise)} | ${cell(outcome(tests))} | ${tests.map(shown).join('<br>')} |`
  })
  return `# What the service promises under load, faults and attack

Made by \`npm run reliability\`, which runs the tests that are named by a promise's number and writes down what they
measured. Last run: ${date}, Node ${node}, ${cores} cores. Figures of a busy machine are upper bounds; no test asserts one.

| promise | | held | tests and figures |
|---|---|---|---|
${rows.join('\n')}
`
}

function outcome (tests: readonly Held[]): string {
  const ran = tests.filter(({ status }) => status !== 'skipped' && status !== 'pending')
  if (tests.length === 0) return 'no test'
  if (ran.some(({ status }) => status !== 'passed')) return '**no**'
  return ran.length < tests.length ? 'not all run' : 'yes'
}

function shown ({ file, title, status, figures }: Held): string {
  const measured = figures.length === 0 ? '' : ` *${figures.map(cell).join('; ')}*`
  return `${cell(title)} (\`${file}\`)${status === 'passed' ? '' : ` **${status}**`}${measured}`
}

function cell (text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;')
}
