import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from '../../src/data/dataset-files.ts'
import { compiled } from '../../src/paths.ts'
import { prepareSettings } from '../../src/data/prepare-settings.ts'
import { prepare } from '../../src/data/prepare.ts'
import { writeShop } from '../../src/pipeline/demo-files.ts'
import { openEmbeddings } from '../../src/pipeline/embed.ts'

describe('npm run embed', () => {
  let folder = ''
  let input = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isthmus-embed-'))
    input = join(folder, 'dataset')
    await writeShop(join(folder, 'shop'), { seed: 42, users: 20 })
    await prepare({ inputs: [join(folder, 'shop')], out: input, settings: prepareSettings({ kCore: 'none' }) })
  })
  afterAll(async () => await rm(folder, { recursive: true }))

  const start = (...flags: readonly string[]): ChildProcess => spawn(process.execPath, [
    fileURLToPath(compiled('scripts/embed.ts')), '--in', input, '--out', join(folder, 'embeddings'),
    '--cache', join(folder, 'cache'), ...flags,
  ])
  /** Exit status and all output; `onError` sees each piece of stderr. */
  const ended = async (child: ChildProcess, onError: (text: string) => void = () => {}): Promise<[unknown, string]> => {
    let text = ''
    child.stdout!.on('data', (part: Buffer) => { text += part.toString() })
    child.stderr!.on('data', (part: Buffer) => {
      text += part.toString()
      onError(part.toString())
    })
    return await new Promise((resolve) => child.once('close', (status) => resolve([status, text])))
  }

  it('stops at Ctrl-C with nothing half written, and the same command goes on and ends', async () => {
    const child = start()
    const [status, text] = await ended(child, (line) => { if (/^embed \d/.test(line)) child.kill('SIGINT') })
    expect([status, text]).toEqual([130, expect.stringContaining('embed: interrupted: ')])
    await expect(stat(join(folder, 'embeddings'))).rejects.toMatchObject({ code: 'ENOENT' })

    expect(await ended(start())).toEqual([0, expect.stringMatching(/\d+ items, 0 without a description/)])
    const dataset = await openDataset(input)
    const { rows, width, embedder } = await openEmbeddings(join(folder, 'embeddings'), dataset)
    expect([rows.length, embedder.id]).toEqual([dataset.items.length * width, 'all-MiniLM-L6-v2-int8/1'])
    for (let i = 0; i < dataset.items.length; i++) {
      expect(Math.hypot(...rows.subarray(i * width, (i + 1) * width))).toBeCloseTo(1, 4)
    }
    expect(await ended(start())).toEqual([0, expect.stringContaining('(unchanged)')])
  })

  it('says what is wrong with a flag or a config, and ends with the status of a refusal', async () => {
    expect(await ended(start('--embedder', 'ada'))).toEqual([78, expect.stringContaining('embed: config_invalid: embedder')])
    expect(await ended(start('--config', 'nowhere.json'))).toEqual([78, expect.stringContaining('config_invalid: --config')])
  })
})
