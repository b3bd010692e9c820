import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/all.ts'
import { parseCommand } from '../../src/cli/parse.ts'
import { commandsOf, ELSEWHERE, isLeft, isthmusCall, NOT_RUN, pages, repository } from './commands.ts'

const shown = pages().flatMap((page) => commandsOf(page))

describe('the commands that pages show', () => {
  it('are found in fenced blocks, without prompt and remark, with what is shown as their answer', () => {
    const text = 'x\n```\n$ curl -s a \\\n   -d b\n{"a":1}\nnpm run  prepare --  --in c   # a remark\n```\n```json\nnpm no\n```\n'
    expect(commandsOf('page', text)).toEqual([
      { page: 'page', command: 'curl -s a -d b', answer: '{"a":1}' },
      { page: 'page', command: 'npm run prepare -- --in c', answer: '' },
    ])
  })

  it('are known in every form that a reader may type', () => {
    expect(isthmusCall('npm run bench:serve -- --seconds 3')).toEqual({ name: 'bench-serve', args: ['--seconds', '3'] })
    expect(isthmusCall('npm start -- --bundle x')).toEqual({ name: 'start', args: ['--bundle', 'x'] })
    expect(isthmusCall('npx isthmus state copy --from a')).toEqual({ name: 'state', args: ['copy', '--from', 'a'] })
    expect(isthmusCall('npm ci')).toBeUndefined()
  })

  it('are run by a test: beside this one, or by one that is there', () => {
    expect(shown.length).toBeGreaterThan(80)
    const loose = shown.filter(({ command }) =>
      !isLeft(command) && isthmusCall(command) === undefined && !/^(curl|python3) /.test(command))
    expect(loose).toEqual([])
    for (const { by } of ELSEWHERE) expect(existsSync(join(repository, by)), by).toBe(true)
    const stale = [...ELSEWHERE, ...NOT_RUN].filter(({ match }) => !shown.some(({ command }) => match.test(command)))
    expect(stale).toEqual([])
  })

  const calls = shown.filter(({ command }) => isthmusCall(command) !== undefined)
  it.each(calls.map(({ page, command }) => [page, command] as const))(
    'have flags that exist: %s: %s', (_, text) => {
      const { name, args } = isthmusCall(text)!
      const command = COMMANDS.find((one) => one.name === name)
      expect(command, `a command named ${name}`).toBeDefined()
      expect(() => parseCommand(command!, args)).not.toThrow()
    })

  it('link to pages that are there', () => {
    // Links are of the same kind of promise as commands: what they name exists.
    for (const { page, target } of pages().flatMap((page) => linksOf(page))) {
      expect(existsSync(join(repository, page, '..', target)), `${page}: ${target}`).toBe(true)
    }
  })
})

function linksOf (page: string): Array<{ page: string, target: string }> {
  const text = readFileSync(join(repository, page), 'utf8')
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => ({ page, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
}
