import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GROUPS, npmScript } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands/all.ts'
import { completionScript, SHELLS } from '../../src/cli/completion.ts'
import { commandHelp, overview } from '../../src/cli/help.ts'
import { commandNamed } from '../../src/cli/named.ts'
import { parseCommand } from '../../src/cli/parse.ts'
import { SCOPES } from '../../src/config/api-keys.ts'
import { PUBLISHED_SETS } from '../../src/data/published/sets.ts'
import { EVALUATION_MODES } from '../../src/evaluate/evaluate.ts'
import { TEMPLATES } from '../../src/llm/item-prompt.ts'
import { BACKENDS } from '../../src/nn/tf.ts'
import { TUNABLE } from '../../src/pipeline/tune/space.ts'
import { BACKBONES, PRESET_NAMES, SYSTEM_NAMES } from '../../src/systems/settings.ts'

const root = join(import.meta.dirname, '../..')
const names = COMMANDS.map(({ name }) => name)

describe('the table of commands', () => {
  it('has each file of scripts/, and each of those has a script in package.json', () => {
    const files = readdirSync(join(root, 'scripts')).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3))
    expect([...names].sort()).toEqual(files.sort())
    const { scripts, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as
      { scripts: Record<string, string>, bin: Record<string, string> }
    // The service's own flags of Node are compared with the image's in test/dockerfile.test.ts.
    const plain = (script = ''): string => script.replace(/^node (--\S+ )+/, 'node ')
    for (const name of names) expect(plain(scripts[npmScript(name)]), name).toBe(`node scripts/run.mjs ${name}`)
    expect(existsSync(join(root, bin['isthmus']!))).toBe(true)
  })

  it('is what each script parses its flags by', () => {
    for (const name of names) {
      expect(readFileSync(join(root, 'scripts', `${name}.ts`), 'utf8'), name).toContain(`runCommand(${constant(name)}, `)
    }
  })

  it.each(COMMANDS.map((command) => [command.name, command] as const))('has examples of %s that parse', (name, command) => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const { run } of command.examples) {
      const [called, ...args] = run.split(' ')
      expect(called).toBe(name)
      expect(() => parseCommand(command, args)).not.toThrow()
    }
  })

  it.each([
    ['train', 'system', SYSTEM_NAMES], ['train', 'preset', PRESET_NAMES], ['train', 'backbone', BACKBONES],
    ['train', 'backend', ['auto', ...BACKENDS]], ['bench-train', 'backend', BACKENDS], ['embed', 'template', TEMPLATES],
    ['prepare', 'source', PUBLISHED_SETS.map(({ name }) => name)], ['new-key', 'scopes', SCOPES],
  ] as const)('offers as values of %s --%s what the code knows', (name, flag, known) => {
    expect(valueOf(name, flag).split('|').sort()).toEqual([...known].sort())
  })

  it('names the modes of evaluation and the systems that are tuned', () => {
    expect(valueOf('evaluate', 'mode').split(',').sort()).toEqual([...EVALUATION_MODES].sort())
    expect(valueOf('tune', 'systems').split(',')).toEqual(TUNABLE.map(({ name }) => name))
  })
})

describe('the door', () => {
  it.each(['install', 'ci', 'exec', 'pack'])('does nothing where npm %s runs the script named prepare by itself', (npm) => {
    const env = { ...process.env, npm_command: npm, npm_lifecycle_event: 'prepare' }
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.mjs', 'prepare'], {
      cwd: root, encoding: 'utf8', env,
    })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })
})

describe('help', () => {
  it('lists every command once below its heading', () => {
    const text = overview(COMMANDS)
    for (const name of names) expect(text.match(new RegExp(`^  ${name} +\\S`, 'gm')), name).toHaveLength(1)
    expect(COMMANDS.every(({ group }) => GROUPS.includes(group))).toBe(true)
  })

  it.each(COMMANDS.map((command) => [command.name, command] as const))('of %s has its flags, examples and statuses', (name, command) => {
    const text = commandHelp(command)
    for (const flag of Object.keys(command.flags)) expect(text).toMatch(new RegExp(`^  --${flag}\\b`, 'm'))
    for (const { run } of command.examples) expect(text).toContain(`  npx isthmus ${run}\n`)
    expect(text).toMatch(/^ {2}78 +refused|^ {2}78 +something/m)
    expect(text.includes('--json')).toBe(command.json !== undefined)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
    expect(text).toContain(`npm ${name === 'start' ? 'start' : `run ${npmScript(name)}`}`)
  })

  it('says which command was probably meant', () => {
    expect(commandNamed('bench:serve', COMMANDS)).toHaveProperty('command.name', 'bench-serve')
    expect(commandNamed('trian', COMMANDS)).toEqual({ unknown: 'isthmus: no command named "trian"; did you mean train?' })
    expect(commandNamed('xyzzy', COMMANDS)).toEqual({ unknown: 'isthmus: no command named "xyzzy"' })
  })
})

describe('completion', () => {
  /** What bash would offer for the last of the words. */
  const offered = (...words: string[]): string[] => {
    const script = `${completionScript('bash', COMMANDS)}
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      _isthmus; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: root })
    expect([status, stderr]).toEqual([0, ''])
    return stdout.split('\n').filter(Boolean)
  }

  it('in a real bash offers commands, flags, their values and files', () => {
    expect(offered('isthmus', 'pre')).toEqual(['prepare'])
    expect(offered('npx', 'isthmus', 'bench-s')).toEqual(['bench-serve', 'bench-shed', 'bench-soak', 'bench-swap'])
    expect(offered('isthmus', 'train', '--back')).toEqual(['--backend', '--backbone'])
    expect(offered('npx', 'isthmus', 'train', '--backend', 'n')).toEqual(['native-gpu', 'native'])
    expect(offered('isthmus', 'train', '--in', 'packa').sort()).toEqual(['package-lock.json', 'package.json'])
    expect(offered('isthmus', 'state', '')).toContain('copy')
    expect(offered('npx', 'vites')).toEqual([])
  })

  it.each(SHELLS)('of %s knows every command and every flag', (shell) => {
    const script = completionScript(shell, COMMANDS)
    for (const { name, flags } of COMMANDS) {
      expect(script, name).toContain(name)
      for (const flag of Object.keys(flags)) expect(script).toMatch(new RegExp(`(--|-l )${flag}\\b`))
    }
  })
})

function valueOf (name: string, flag: string): string {
  return COMMANDS.find((command) => command.name === name)!.flags[flag]!.value!
}

function constant (name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
