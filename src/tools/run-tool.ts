import { spawn } from 'node:child_process'
import { type ErrorCode, IsthmusError } from '../errors.ts'

export interface RunToolOptions {
  readonly cwd?: string
  readonly environment: NodeJS.ProcessEnv
  /** Of the error that a failure is. */
  readonly code: ErrorCode
}

/** Runs a program of the system to its end, and gives the last 4,000 characters that it printed; so does a failure. */
export async function runTool (
  command: string, args: readonly string[], { cwd = process.cwd(), environment, code }: RunToolOptions
): Promise<string> {
  const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
  }
  return await new Promise<string>((resolve, reject) => {
    const failed = (why: string, cause?: unknown): void => {
      reject(new IsthmusError(code, `${command} ${args[0] ?? ''}: ${why}\n${output}`, { cause }))
    }
    child.once('error', (error) => failed('does not start; is it installed?', error))
    child.once('close', (status) => status === 0 ? resolve(output) : failed(`ended with status ${status}`))
  })
}

/** The names of those tools that do not run. @param tools a call that shows that it is there, by what people install */
export async function missingTools (
  tools: Readonly<Record<string, readonly [command: string, ...args: string[]]>>, options: RunToolOptions
): Promise<string[]> {
  const missing: string[] = []
  for (const [name, [command, ...args]] of Object.entries(tools)) {
    try {
      await runTool(command, args, options)
    } catch {
      missing.push(name)
    }
  }
  return missing
}
