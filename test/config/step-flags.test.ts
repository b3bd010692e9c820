import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { given, readConfig, wholeNumber } from '../../src/config/step-flags.ts'

const folder = mkdtempSync(join(tmpdir(), 'step-flags-'))
afterAll(() => { rmSync(folder, { recursive: true }) })

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) })

describe('flags of a step', () => {
  it('leave out what is undefined, so that a config file keeps its value', () => {
    expect({ a: 1, b: 2, ...given({ a: undefined, b: 3 }) }).toEqual({ a: 1, b: 3 })
  })

  it.each(['-1', '1.5', '1e3', '', 'x', '99999999999999999999'])('take no "%s" for a whole number', (text) => {
    expect(() => wholeNumber('seed', text)).toThrow(refused(/--seed is a whole number from 0/))
  })

  it('take a whole number from the least that is allowed', () => {
    expect(wholeNumber('seed', '0')).toBe(0)
    expect(wholeNumber('seed', undefined)).toBeUndefined()
    expect(() => wholeNumber('epochs', '0', 1)).toThrow(refused(/from 1/))
  })
})

describe('a config file', () => {
  const file = (text: string): string => {
    const path = join(folder, 'config.json')
    writeFileSync(path, text)
    return path
  }

  it('gives its members, and nothing where there is none', async () => {
    expect(await readConfig(file('{"epochs": 3}'))).toEqual({ epochs: 3 })
    expect(await readConfig(undefined)).toEqual({})
  })

  it.each(['[1]', 'null', '3', '{'])('is refused when it holds %s', async (text) => {
    await expect(readConfig(file(text))).rejects.toThrow(refused(/config\.json is not/))
  })

  it('is refused when it is not there', async () => {
    await expect(readConfig(join(folder, 'none.json'))).rejects.toThrow(refused(/none\.json cannot be read/))
  })
})
