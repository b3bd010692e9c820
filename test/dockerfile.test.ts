import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SERVICE_FLAGS } from '../bench/serve/service.ts'
import { parseDockerfile } from './deploy/dockerfile.ts'
import { packageRoot } from '../src/paths.ts'
import { serviceConfig } from '../src/config/service-config.ts'

const text = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8')
const stages = parseDockerfile(text)
const targets = stages.filter(({ instructions }) => instructions.some(({ name }) => name === 'ENTRYPOINT'))

describe('the Dockerfile', () => {
  it('has a target for CUDA and one for CPUs, which is built when none is named', () => {
    expect(targets.map(({ name }) => name)).toEqual(['cuda', 'cpu'])
    expect(stages.at(-1)?.name).toBe('cpu')
  })

  it('builds on glibc alone', () => {
    const known = stages.map(({ name }) => name)
    const bases = stages.map(({ base }) => base).filter((base) => !known.includes(base) && base !== 'scratch')
    expect(bases.length).toBeGreaterThan(2)
    for (const base of bases) expect(base).toMatch(/bookworm|ubuntu/)
  })

  it.each(targets.map((target) => [target.name, target] as const))('runs %s as nobody special, with a check', (_, target) => {
    const last = (name: string): string | undefined =>
      target.instructions.findLast((instruction) => instruction.name === name)?.text
    expect(last('USER')).toMatch(/^[1-9][0-9]*$/)
    const names = target.instructions.map(({ name }) => name)
    expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('RUN'))
    expect(last('HEALTHCHECK')).toContain('/health/ready')
    expect(JSON.parse(last('ENTRYPOINT') ?? '')).toEqual(['node', ...SERVICE_FLAGS, 'dist/scripts/start.js'])
    expect(existsSync(join(packageRoot, 'scripts/start.ts'))).toBe(true)
    const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { scripts: { start: string } }
    expect(scripts.start, 'npm start').toBe(`node ${SERVICE_FLAGS.join(' ')} scripts/run.mjs start`)
    expect(last('VOLUME')).toBe('/data')
  })

  it.each(targets.map((target) => [target.name, target] as const))('sets what the service of %s takes', (_, target) => {
    const settings = target.instructions.filter(({ name }) => name === 'ENV').flatMap(({ text }) => text.split(/\s+/))
    const environment = Object.fromEntries(settings.map((setting) => setting.split('=') as [string, string]))
    expect(() => serviceConfig(environment), 'without keys').toThrow('API_KEYS')
    expect(serviceConfig({ ...environment, ALLOW_NO_KEYS: '1' })).toMatchObject({
      host: '0.0.0.0', port: 3000, dataDir: '/data', provider: target.name === 'cuda' ? 'cuda' : 'auto',
    })
  })

  it('leaves out binaries of other platforms, the compiler and what only development needs', () => {
    const build = stages.find(({ name }) => name === 'build')!
    const runs = build.instructions.filter(({ name }) => name === 'RUN').map(({ text }) => text).join('\n')
    expect(runs).toContain('npm ci')
    expect(runs).toContain('npm prune --omit=dev')
    expect(runs).toMatch(/onnxruntime-node\/bin\/napi-v6[^]*rm -r/)
    expect(existsSync(join(packageRoot, 'node_modules/onnxruntime-node/bin/napi-v6'))).toBe(true)
    expect(targets.find(({ name }) => name === 'cpu')?.base).toMatch(/-slim$/)
  })

  it('copies what is there, and what the builder may see', () => {
    const allowed = readFileSync(join(packageRoot, '.dockerignore'), 'utf8').split('\n')
      .filter((line) => line.startsWith('!')).map((line) => line.slice(1))
    const copied = stages.flatMap(({ instructions }) => instructions)
      .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(/\s+/).slice(0, -1))
    expect(copied.length).toBeGreaterThan(8)
    for (const path of copied) {
      expect(existsSync(join(packageRoot, path)), path).toBe(true)
      expect(allowed.some((name) => path === name || path.startsWith(`${name}/`)), path).toBe(true)
    }
    expect(allowed).not.toContain('data')
  })
})
