import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '../..')

/** A command line that a page shows in a fenced block. */
export interface Shown {
  readonly page: string
  /** Without its prompt and its remark, on one line, with single spaces between words. */
  readonly command: string
  /** What the page shows below it as its answer. */
  readonly answer: string
}

const FIRST_WORDS = /^(npm|npx|curl|python3|node|bash|docker|kubectl|export) /

/** Every page whose commands readers may copy. */
export function pages (): string[] {
  const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md')).map((path) => join('docs', path))
  return ['README.md', 'client/README.md', ...docs.sort()]
}

/** The command lines of a page's fenced blocks, in its order. */
export function commandsOf (page: string, text = readFileSync(join(repository, page), 'utf8')): Shown[] {
  return [...text.matchAll(/^```(?:sh|bash|console)?\n([^]*?)^```$/gm)].flatMap(([, block = '']) => {
    const shown: Array<{ command: string, answer: string }> = []
    for (const line of block.replace(/\\\n\s*/g, '').split('\n')) {
      const plain = line.replace(/^\$ /, '')
      if (FIRST_WORDS.test(plain)) {
        const command = plain.replace(/\s+#.*$/, '')
        // What a shell takes literally keeps its spaces.
        shown.push({ command: command.includes("'") ? command : command.replace(/\s+/g, ' '), answer: '' })
      } else if (shown.length > 0) shown.at(-1)!.answer += `${line}\n`
    }
    return shown.flatMap(({ command, answer }) => command.split(' && ').map((part) => ({ page, command: part, answer: answer.trim() })))
  })
}

/** Name and arguments of `npm run bench:serve -- --x 1` and `npx isthmus bench-serve --x 1`; undefined for others. */
export function isthmusCall (
  command: string
): { readonly name: string, readonly args: readonly string[] } | undefined {
  const [, name = '', rest = ''] =
    /^(?:npx isthmus|npm run|npm(?= start))\s+([\w:-]+)(?: --(?= ))?(.*)$/.exec(command) ?? []
  if (['', 'lint', 'typecheck', 'build', 'test:system'].includes(name)) return undefined
  return { name: name.replace(':', '-'), args: rest.trim().split(/\s+/).filter(Boolean) }
}

/**
 * Commands that the test beside this file does not run, since they need what a test machine does not have or take too
 * long with the arguments that a reader wants: the file that runs them another way, on something small.
 */
export const ELSEWHERE: ReadonlyArray<{ readonly match: RegExp, readonly by: string }> = [
  { match: /^npm (ci|test|run (lint|typecheck|build|test:system|setup:native))$|^npx isthmus setup-native$/, by: '.ci/run' },
  { match: /^npx isthmus (docs|openapi|site) --check$/, by: '.ci/run' },
  // Its bundle is not in the repository: the shape of its answer is compared with that of another.
  { match: /^curl .*domain=kitchen/, by: 'test/docs/commands.system.test.ts' },
  { match: /^npm run bench:new-domain/, by: 'test/bench/new-domain/new-domain.system.test.ts' },
  { match: /food-kitchen/, by: 'test/pipeline/pipeline.system.test.ts' },
  { match: /openai --max-usd|work\/paid\/(profiles|aware)/, by: 'test/llm/remote-run.system.test.ts' },
  { match: /^export /, by: 'test/llm/remote-run.system.test.ts' },
  { match: /^npm run tune|^npx isthmus tune/, by: 'test/pipeline/tune/tune.system.test.ts' },
  { match: /^npm run results|^npx isthmus results/, by: 'test/pipeline/results/results.system.test.ts' },
  { match: /^npm run study|^npx isthmus study/, by: 'test/pipeline/study/study.system.test.ts' },
  { match: /^(npm run|npx isthmus) site/, by: 'test/reference/site-page.test.ts' },
  { match: /gpu-check/, by: 'test/bench/gpu/gpu-check.system.test.ts' },
  { match: /^npx isthmus demo/, by: 'test/pipeline/demo.system.test.ts' },
  { match: /amazon-v2-cloth-sport/, by: 'test/data/published/published.test.ts' },
  { match: /--open-domains$|domain=food|"domain":"food"/, by: 'test/serve/new-domains.test.ts' },
]

/** Commands that nothing runs, and why not. */
export const NOT_RUN: ReadonlyArray<{ readonly match: RegExp, readonly why: string }> = [
  { match: /^docker|^kubectl/, why: 'no container runtime; test/deploy runs the steps of the Dockerfile in a Debian root' },
  { match: /setup[:-]cuda/, why: 'downloads 1.6 GB for a GPU that is not there; test/encode/setup-cuda.test.ts has its steps' },
  { match: /bench[:-]train/, why: 'installs PyTorch, some gigabytes' },
  { match: /bench[:-]peers/, why: 'installs FastAPI, onnxruntime and numpy' },
  { match: /reliability$/, why: 'runs the tests of both tiers, of which this is one' },
]

/** Whether a shown command is left to others, or to nobody. */
export function isLeft (command: string): boolean {
  return [...ELSEWHERE, ...NOT_RUN].some(({ match }) => match.test(command))
}

/** What is put behind a command that measures, so that it does so for a moment. */
export const SMALL: Readonly<Record<string, readonly string[]>> = {
  'bench-serve': ['--seconds', '2', '--rounds', '1'],
  'bench-shed': ['--seconds', '0.5', '--rounds', '1'],
  'bench-engine': ['--items', '1000', '--rounds', '1'],
  'bench-soak': ['--minutes', '0.05'],
  'bench-swap': ['--seconds', '0.5', '--rounds', '1'],
  'bench-index': ['--sizes', '200', '--users', '20', '--out', 'work/index.md'],
  'bench-prepare': ['--events', '2000'],
}
