import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiled } from '../../src/paths.ts'
import { createRandom } from '../../src/random.ts'

const ITEMS = 40
const DOMAINS = ['sport', 'cloth']

/** Sections of a chain's config file that make training on the tiny shop a matter of seconds. */
export const TINY = {
  train: { width: 16, length: 10, layers: 1, sharedNegatives: 16, batchSize: 16, patience: 50 },
}

/** Raw logs of 80 users in two domains, as users bring them; there is nothing in them to learn. */
export function writeTinyShop (dir: string): void {
  const random = createRandom(1, 'shop')
  const items = DOMAINS.flatMap((domain) => Array.from({ length: ITEMS }, (_, i) =>
    ({ item_id: `${domain}${i}`, domain, title: `${domain} thing number ${i}` })))
  const events = Array.from({ length: 80 }, (_, user) => Array.from({ length: 10 }, (_, at) => {
    const item = items[random.integer(items.length)]!
    return `u${user},${item.item_id},${item.domain},${1_600_000_000 + 3600 * at}`
  })).flat()
  mkdirSync(dir)
  writeFileSync(join(dir, 'items.jsonl'), items.map((item) => `${JSON.stringify(item)}\n`).join(''))
  writeFileSync(join(dir, 'interactions.csv'), ['user_id,item_id,domain,timestamp', ...events, ''].join('\n'))
}

export interface Ended { readonly status: number | null, readonly stdout: string, readonly stderr: string }

/** Runs a compiled command in a process of its own; `stopAt` in what it says presses Ctrl-C. */
export function runScript (name: string, args: readonly string[], stopAt?: RegExp): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(compiled(`scripts/${name}.ts`)), ...args])
  let stdout = ''
  let stderr = ''
  let stopped = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    if (stopAt?.test(stderr) !== true || stopped) return
    stopped = true
    child.kill('SIGINT')
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => { resolve({ status, stdout, stderr }) })
  })
}
