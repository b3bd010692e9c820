import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { contentKey, openContentLog } from '../../src/llm/content-log.ts'

const folders: string[] = []
afterAll(async () => { for (const folder of folders) await rm(folder, { recursive: true }) })

const record = (name: string, content = `content of ${name}`): { key: string, content: Buffer } =>
  ({ key: contentKey([name]), content: Buffer.from(content) })

describe('the content log', () => {
  let dir = ''
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'isthmus-log-'))
    folders.push(dir)
  })

  const write = async (...records: Array<ReturnType<typeof record>>): Promise<string> => {
    const log = await openContentLog(dir)
    await log.append(records)
    await log.close()
    return join(dir, (await readdir(dir))[0]!)
  }
  /** Which of these names the log has, with the content that was written. */
  const found = async (...names: string[]): Promise<string[]> => {
    const log = await openContentLog(dir)
    const there = names.filter((name) => log.has(contentKey([name])))
    for (const name of there) expect((await log.read(contentKey([name]))).toString()).toContain(`content of ${name}`)
    await log.close()
    return there
  }

  it('keeps contents of any length under their keys', async () => {
    const log = await openContentLog(dir)
    const records = [record('a', ''), record('b', 'x'.repeat(5_000_000)), record('c', 'ILR1 and its own mark ILR1')]
    await log.append(records)
    for (const { key, content } of records) expect((await log.read(key)).equals(content)).toBe(true)
    await log.close()
    const again = await openContentLog(dir)
    expect(again.size).toBe(3)
    for (const { key, content } of records) expect((await again.read(key)).equals(content)).toBe(true)
    await again.close()
  })

  it('loses the record in which a crash cut the file, wherever it cut it, and no other', async () => {
    const file = await write(record('a'), record('b'))
    const whole = await readFile(file)
    const size = whole.length / 2
    for (const cut of [0, 1, 3, 4, 7, 8, 40, size - 1]) {
      await writeFile(file, whole.subarray(0, size + cut))
      expect(await found('a', 'b')).toEqual(['a'])
    }
  })

  it('loses a record of which any byte has changed, and no other', async () => {
    const file = await write(record('a'), record('b'), record('c'))
    const whole = await readFile(file)
    const size = whole.length / 3
    for (const at of [0, 5, 7, 20, 45, size - 1]) {
      const rotten = Buffer.from(whole)
      rotten[size + at]! ^= 0x55
      await writeFile(file, rotten)
      expect(await found('a', 'b', 'c')).toEqual(['a', 'c'])
    }
  })

  it('reads over what is no record at all', async () => {
    const file = await write(record('a'))
    await appendFile(file, 'ILR1 rubbish ILR')
    await appendFile(file, (await readFile(file)).subarray(0, 20))
    expect(await found('a')).toEqual(['a'])
  })

  it('sees on request what others have added since, also the rest of a record that was half there', async () => {
    const reader = await openContentLog(dir)
    const writer = await openContentLog(dir)
    await writer.append([record('a')])
    expect(reader.has(record('a').key)).toBe(false)
    await reader.refresh()
    expect((await reader.read(record('a').key)).toString()).toBe('content of a')

    await writer.append([record('b'), record('c')])
    const file = join(dir, (await readdir(dir))[0]!)
    const whole = await readFile(file)
    await truncate(file, whole.length - 10)
    await reader.refresh()
    expect([reader.has(record('b').key), reader.has(record('c').key)]).toEqual([true, false])
    await appendFile(file, whole.subarray(-10))
    await reader.refresh()
    expect((await reader.read(record('c').key)).toString()).toBe('content of c')
    await Promise.all([reader.close(), writer.close()])
  })

  it('fails with a code where a record can no longer be read', async () => {
    const file = await write(record('a'))
    const log = await openContentLog(dir)
    await truncate(file, 3)
    await expect(log.read(record('a').key)).rejects.toMatchObject({ code: 'store_corrupt' })
    await expect(log.read(record('b').key)).rejects.toMatchObject({ code: 'store_corrupt' })
    await log.close()
  })
})
