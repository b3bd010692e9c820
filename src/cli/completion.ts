import type { Command, Flag } from './command.ts'
import { allFlags } from './help.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = typeof SHELLS[number]

/** Values of a flag that a shell can offer: one of several words, or names of files; undefined: nothing to offer. */
export type Offer = readonly string[] | 'files' | undefined

/** What a shell offers after a flag that takes a value. */
export function offerOf ({ type, value = '' }: Flag): Offer {
  if (type === 'boolean') return undefined
  if (/^(folder|file|models\/)/.test(value) || /file|dataset|embeddings|profiles|run|evaluation/.test(value)) return 'files'
  const words = value.split('|')
  return words.length > 1 && words.every((word) => /^[A-Za-z0-9./-]+$/.test(word)) ? words : undefined
}

/** A script for the shell that completes `isthmus`: commands, flags, their values, and files. It calls nothing. */
export function completionScript (shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands)
}

function bash (commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const flags = allFlags(command)
    const values = flags.flatMap(([name, flag]) => {
      const offer = offerOf(flag)
      if (flag.type === 'boolean') return []
      const make = offer === 'files' ? '-f' : `-W '${(offer ?? []).join(' ')}'`
      return [`        --${name}) COMPREPLY=($(compgen ${make} -- "$word")); return ;;`]
    })
    const words = [...flags.map(([name]) => `--${name}`), ...(command.operands?.words ?? [])]
    return [
      `    ${command.name})`,
      ...(values.length === 0 ? [] : ['      case "$before" in', ...values, '      esac']),
      `      COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word")) ;;`,
    ].join('\n')
  })
  return `# bash completion of isthmus; made by: isthmus completion bash
_isthmus () {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=1
  COMPREPLY=()
  if [ "\${COMP_WORDS[0]}" = npx ]; then
    [ "\${COMP_WORDS[1]}" = isthmus ] || return
    at=2
  fi
  if [ "$COMP_CWORD" -eq "$at" ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[at]}" in
${cases.join('\n')}
  esac
}
complete -o bashdefault -o default -F _isthmus isthmus npx
`
}

function zsh (commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
  const said = (text: string): string => text.replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:')
  const cases = commands.map((command) => {
    const specs = allFlags(command).map(([name, flag]) => {
      const offer = offerOf(flag)
      const action = offer === 'files' ? '_files' : offer === undefined ? ' ' : `(${offer.join(' ')})`
      const value = flag.type === 'boolean' ? '' : `:${said(flag.value ?? 'text').replaceAll('|', ' ')}:${action}`
      return quoted(`${flag.multiple ? '*' : ''}--${name}[${said(flag.says)}]${value}`)
    })
    const words = command.operands?.words
    const operand = command.operands === undefined
      ? []
      : [quoted(words === undefined ? '*:file:_files' : `1:${command.name}:(${words.join(' ')})`)]
    return `    ${command.name}) _arguments ${[...specs, ...operand].join(' ')} ;;`
  })
  return `#compdef isthmus
# zsh completion of isthmus; made by: isthmus completion zsh
_isthmus () {
  local -a commands
  if (( CURRENT == 2 )); then
    commands=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${said(summary)}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local name=\${words[2]}
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join('\n')}
  esac
}
compdef _isthmus isthmus
`
}

function fish (commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = commands.flatMap((command) => {
    const here = `complete -c isthmus -n '__fish_seen_subcommand_from ${command.name}'`
    return [
      `complete -c isthmus -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
      ...(command.operands?.words === undefined ? [] : [`${here} -f -a ${quoted(command.operands.words.join(' '))}`]),
      ...allFlags(command).map(([name, flag]) => {
        const offer = offerOf(flag)
        const value = flag.type === 'boolean'
          ? ''
          : offer === 'files' ? ' -r -F' : ` -x${offer === undefined ? '' : ` -a ${quoted(offer.join(' '))}`}`
        return `${here} -l ${name}${value} -d ${quoted(flag.says)}`
      }),
    ]
  })
  return `# fish completion of isthmus; made by: isthmus completion fish\n${lines.join('\n')}\n`
}
