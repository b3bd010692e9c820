import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** What each room of src/ may import, besides itself. The same map stands in docs/architecture.md. */
const LEAVES = ['errors', 'random', 'paths', 'progress', 'priority']
const ARROWS: Record<string, readonly string[]> = {
  errors: [],
  random: [],
  paths: [],
  progress: [],
  priority: [],
  plot: [],
  files: ['errors', 'paths'],
  tools: ['errors'],
  onnx: [],
  numeric: ['errors', 'random'],
  config: ['errors', 'paths'],
  data: ['errors', 'random', 'files'],
  llm: ['errors', 'files'],
  profile: ['errors', 'files', 'data', 'llm', 'numeric'],
  augment: ['errors', 'random', 'files', 'data', 'llm', 'numeric'],
  nn: ['errors', 'random', 'paths', 'tools', 'onnx'],
  systems: ['errors', 'random', 'nn', 'numeric', 'data', 'evaluate'],
  evaluate: ['errors', 'random', 'data'],
  train: ['errors', 'random', 'progress', 'files', 'data', 'nn', 'systems', 'evaluate', 'numeric'],
  bundle: ['errors', 'files', 'onnx'],
  encode: ['errors', 'bundle', 'data', 'llm', 'paths', 'tools', 'onnx'],
  retrieve: ['errors', 'random', 'paths', 'priority', 'config', 'bundle', 'encode', 'state'],
  state: ['errors', 'files', 'config'],
  recommend: ['errors', 'data', 'encode', 'retrieve', 'bundle', 'state', 'paths', 'numeric', 'priority'],
  pipeline: [
    'errors', 'random', 'paths', 'progress', 'plot', 'files', 'numeric', 'config', 'data', 'llm', 'profile', 'augment', 'nn',
    'systems', 'train', 'evaluate', 'bundle', 'encode', 'retrieve', 'recommend', 'state', 'cli', 'onnx',
  ],
  cli: ['errors'],
  reference: ['errors', 'paths', 'files', 'config', 'data', 'systems', 'pipeline', 'cli', 'serve'],
  doctor: ['errors', 'onnx', 'nn', 'encode', 'retrieve', 'bundle', 'config', 'llm', 'state'],
  serve: ['errors', 'paths', 'priority', 'config', 'files', 'llm', 'encode', 'bundle', 'state', 'recommend'],
}

interface Arrow { readonly file: string, readonly from: string, readonly to: string }

const IMPORT = /(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g

const src = resolve(import.meta.dirname, '../src')
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).sort()
const texts = new Map(sources.map((path) => [path, readFileSync(join(src, path), 'utf8')]))

function arrows (): Arrow[] {
  return [...texts].flatMap(([file, text]) =>
    [...text.matchAll(IMPORT)].flatMap((match) => {
      const specifier = match[1] ?? match[2] ?? ''
      if (!specifier.startsWith('.')) return []
      const to = room(relative(src, resolve(src, dirname(file), specifier)))
      return [{ file, from: room(file), to }]
    }))
}

function room (path: string): string {
  const [first = ''] = path.split('/')
  return first.replace(/\.ts$/, '')
}

describe('the rooms of src', () => {
  it('are all on the map', () => {
    expect([...new Set(sources.map(room))].filter((name) => !(name in ARROWS))).toEqual([])
  })

  it('import only what the map allows', () => {
    const found = arrows()
    expect(found.length).toBeGreaterThan(0)
    const forbidden = found.filter(({ from, to }) => from !== to && !ARROWS[from]?.includes(to))
    expect(forbidden.map(({ file, to }) => `${file} -> ${to}`)).toEqual([])
  })

  it('have leaves that import nothing', () => {
    expect(arrows().filter(({ from }) => LEAVES.includes(from))).toEqual([])
  })

  it('leave onnxruntime to encode, and TensorFlow.js to nn', () => {
    const importers = (name: string): string[] =>
      [...texts].filter(([, text]) => text.includes(`'${name}`)).map(([file]) => room(file))
    expect([...new Set(importers('onnxruntime-node'))].filter((name) => name !== 'encode')).toEqual([])
    expect([...new Set(importers('@tensorflow/'))].filter((name) => name !== 'nn')).toEqual([])
  })
})
