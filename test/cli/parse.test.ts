import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { parseCommand } from '../../src/cli/parse.ts'

const COMMAND = {
  name: 'knit',
  group: 'build',
  summary: 'Knits',
  operands: { form: '[more …]', says: 'further wool' },
  flags: {
    in: { type: 'string', required: true, says: 'wool' },
    stitch: { type: 'string', says: 'how' },
    colour: { type: 'string', multiple: true, says: 'of the wool' },
    fresh: { type: 'boolean', says: 'from nothing' },
  },
  examples: [],
  json: 'the scarf',
} as const satisfies Command

const refused = (message: RegExp, field?: string) => expect.objectContaining({
  code: 'config_invalid', message: expect.stringMatching(message), ...(field !== undefined && { place: { field } }),
})

describe('the flags of a command', () => {
  it('are typed by name, and absent where they were not given', () => {
    const { flags, operands } = parseCommand(COMMAND, ['--in', 'a', '--stitch=plain', 'rest'])
    expect(flags).toEqual({ in: 'a', stitch: 'plain' })
    expect(operands).toEqual(['rest'])
    expectTypeOf(flags.in).toEqualTypeOf<string>()
    expectTypeOf(flags.fresh).toEqualTypeOf<boolean | undefined>()
    expectTypeOf(flags.colour).toEqualTypeOf<readonly string[] | undefined>()
  })

  it('may come more than once where the command says so, and --json where it has a result', () => {
    expect(parseCommand(COMMAND, ['--in', 'a', '--colour', 'red', '--colour', 'blue', '--json']).flags)
      .toMatchObject({ colour: ['red', 'blue'] })
    const { json: _, ...silent } = COMMAND
    expect(() => parseCommand(silent, ['--in', 'a', '--json'])).toThrow(refused(/'--json'/))
  })

  it('are refused when unknown, with the flag that was probably meant', () => {
    expect(() => parseCommand(COMMAND, ['--in', 'a', '--stich', 'x'])).toThrow(refused(/'--stich'; did you mean --stitch\?$/, 'stich'))
    expect(() => parseCommand(COMMAND, ['--in', 'a', '--epochs', '3'])).toThrow(refused(/'--epochs'$/))
  })

  it('are refused without a value, with one too many, and when a required one is missing', () => {
    expect(() => parseCommand(COMMAND, ['--in'])).toThrow(refused(/--in/))
    expect(() => parseCommand(COMMAND, ['--in', 'a', '--fresh=yes'])).toThrow(refused(/--fresh/))
    expect(() => parseCommand(COMMAND, [])).toThrow(refused(/^--in is missing$/, 'in'))
  })

  it('leave no word over that the command does not take', () => {
    const { operands: _, ...plain } = COMMAND
    expect(() => parseCommand(plain, ['--in', 'a', 'b'])).toThrow(refused(/nothing is to be made of "b"/))
  })
})
