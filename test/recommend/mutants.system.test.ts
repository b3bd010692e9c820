import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MANIFEST_FILE } from '../../src/bundle/layout.ts'
import type { Manifest } from '../../src/bundle/manifest.ts'
import { EXIT_REFUSED, exitStatus, IsthmusError } from '../../src/errors.ts'
import { createRandom, type Random } from '../../src/random.ts'
import { createTrials, type Trials } from '../../src/recommend/trial.ts'
import { figure } from '../support/figures.ts'
import { writeIndexedBundle } from '../support/indexed-bundle.ts'
import type { TinyBundle } from '../support/tiny-bundle.ts'

const MUTANTS = 500
const SEED = Number(process.env.SEED ?? 20_261_121)

/** What may happen to a file on its way. */
const MUTATIONS: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer>> = {
  truncate: (bytes, random) => bytes.subarray(0, random.integer(Math.max(1, bytes.length))),
  extend: (bytes, random) => Buffer.concat([bytes, noise(1 + random.integer(4096), random)]),
  flip: (bytes, random) => edited(bytes, (copy) => {
    for (let i = 0; i <= random.integer(8); i++) copy[random.integer(copy.length)]! ^= 1 << random.integer(8)
  }),
  swap: (bytes, random) => edited(bytes, (copy) => {
    const [a, b, length] = [random.integer(copy.length), random.integer(copy.length), 1 + random.integer(64)]
    copy.set(bytes.subarray(a, a + Math.min(length, copy.length - b)), b)
  }),
  noise: (bytes, random) => edited(bytes, (copy) => {
    copy.set(noise(Math.min(64, copy.length), random), random.integer(Math.max(1, copy.length - 64)))
  }),
  zero: (bytes, random) => edited(bytes, (copy) => {
    const from = random.integer(copy.length)
    copy.fill(0, from, Math.min(copy.length, from + 1 + random.integer(512)))
  }),
  empty: () => Buffer.alloc(0),
}

describe('a damaged bundle', () => {
  let good: TinyBundle
  let dir: string
  let trials: Trials

  beforeAll(async () => {
    good = await writeIndexedBundle({ itemsPerDomain: 20 })
    dir = await mkdtemp(join(tmpdir(), 'isthmus-mutant-'))
    await cp(good.dir, dir, { recursive: true })
    trials = createTrials()
  })
  afterAll(async () => {
    trials.close()
    await rm(dir, { recursive: true })
    await good.close()
  })

  it(`P4: of ${MUTANTS} kinds is refused by code or answers as the golden rows say, and harms nobody`, async (test) => {
    const random = createRandom(SEED, 'mutants')
    const names = Object.keys(MUTATIONS)
    const paths = [MANIFEST_FILE, ...good.manifest.files.map(({ path }) => path)]
    const outcomes = new Map<string, number>()
    const wrong: string[] = []
    await trials.run({ bundle: dir, provider: 'cpu', retrieval: 'auto' })

    for (let i = 0; i < MUTANTS; i++) {
      const path = paths[i % paths.length]!
      // Half of each file's come with a manifest that vouches for them: then the parser behind the hash meets them.
      const rehashed = Math.floor(i / paths.length) % 2 === 0 && path !== MANIFEST_FILE
      const bytes = await readFile(join(good.dir, path))
      let name: string
      let mutant: Buffer
      do {
        name = names[random.integer(names.length)]!
        mutant = MUTATIONS[name]!(bytes, random)
      } while (mutant.equals(bytes))
      await writeFile(join(dir, path), mutant)
      if (rehashed) await vouch(dir, good.manifest, path, mutant)

      const outcome = await trials.run({ bundle: dir, provider: 'cpu', retrieval: path.startsWith('hnsw') ? 'hnsw' : 'auto' })
        .then(() => 'loads', (error: unknown) => error)
      const code = outcome instanceof IsthmusError ? outcome.code : String(outcome)
      const killed = outcome instanceof IsthmusError && outcome.message.includes('ended the process')
      const kind = killed ? 'killed the process that tried it' : code
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
      const coded = outcome instanceof IsthmusError && exitStatus(outcome) === EXIT_REFUSED
      const mayLoad = rehashed || path === MANIFEST_FILE
      if (!coded && !(mayLoad && outcome === 'loads')) wrong.push(`${i} ${name} ${path} rehashed=${rehashed}: ${code}`)
      if (!mayLoad && code !== 'artefact_checksum_mismatch') wrong.push(`${i} ${name} ${path}: ${code}`)

      await writeFile(join(dir, path), bytes)
      if (rehashed) await cp(join(good.dir, MANIFEST_FILE), join(dir, MANIFEST_FILE))
    }
    figure(test, `seed ${SEED}: ${[...outcomes].map(([kind, count]) => `${count} ${kind}`).join(', ')}`)
    expect(wrong).toEqual([])
    await trials.run({ bundle: dir, provider: 'cpu', retrieval: 'auto' })
  }, 1_200_000)
})

async function vouch (dir: string, manifest: Manifest, path: string, bytes: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const files = manifest.files.map((file) => file.path === path ? { path, size: bytes.length, sha256 } : file)
  await writeFile(join(dir, MANIFEST_FILE), JSON.stringify({ ...manifest, files }))
}

function edited (bytes: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length > 0) edit(copy)
  return copy
}

function noise (length: number, random: Random): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => random.integer(256)))
}
