import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { duration, startProgress, startReported, startStages } from '../src/progress.ts'

describe('a progress line', () => {
  function started (isTTY: boolean) {
    const out = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
    let time = 0
    const progress = startProgress({ label: 'embed', total: 200, unit: 'items', out, now: () => time })
    return { progress, at: (ms: number) => { time = ms }, shown: () => String(out.read() ?? '') }
  }

  it('is a plain line every ten seconds where nobody watches', () => {
    const { progress, at, shown } = started(false)
    at(2000)
    progress.update(10)
    expect(shown()).toBe('embed 5 % (10/200 items, 5.0/s, 38 s left)\n')
    at(11_000)
    progress.update(50)
    expect(shown()).toBe('')
    at(12_000)
    progress.update(60, 'at shoes')
    expect(shown()).toBe('embed 30 % (60/200 items, 5.0/s, 28 s left) at shoes\n')
    progress.finish('all of it')
    expect(shown()).toBe('embed done in 12 s: all of it\n')
  })

  it('is a bar drawn over itself on a terminal', () => {
    const { progress, at, shown } = started(true)
    at(2000)
    progress.update(100)
    expect(shown()).toBe(`\r\x1b[Kembed [${'#'.repeat(12)}${'.'.repeat(12)}] 50 % (100/200 items, 50/s, 2 s left)`)
    progress.finish()
    expect(shown()).toBe('\r\x1b[Kembed done in 2 s\n')
  })

  it('is one line a stage where there are several', () => {
    const out = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: false })
    let time = 0
    const { onStage, onProgress, finish } = startStages({ parts: 'notes', vectors: 'users' }, { out, now: () => time })
    onProgress(1)
    onStage('parts', 4)
    onProgress(2)
    time = 2000
    onStage('vectors', 2)
    onProgress(1)
    finish()
    finish()
    expect(String(out.read())).toBe(
      'parts 50 % (2/4 notes)\nparts done in 2 s\nvectors 50 % (1/2 users)\nvectors done in 0.0 s\n')
  })

  it('begins with the first report where a step tells how much there is, and is not there without one', () => {
    const out = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: false })
    const none = startReported({ label: 'export', unit: 'parts', out, now: () => 0 })
    none.finish()
    expect(out.read()).toBeNull()
    const { onProgress, finish } = startReported({ label: 'export', unit: 'parts', out, now: () => 0 })
    onProgress(1, 4, 'vectors')
    finish()
    expect(String(out.read())).toBe('export 25 % (1/4 parts) vectors\nexport done in 0.0 s\n')
  })

  it('has count and rate alone where nobody knows how much there is', () => {
    const out = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true })
    let time = 0
    const progress = startProgress({ label: 'import', unit: 'users', out, now: () => time })
    time = 2000
    progress.update(100)
    expect(String(out.read())).toBe('\r\x1b[Kimport (100 users, 50/s)')
  })

  it('names no rate before there is one', () => {
    const { progress, at, shown } = started(false)
    at(10)
    progress.update(150)
    expect(shown()).toBe('embed 75 % (150/200 items)\n')
  })
})

describe('a duration', () => {
  it.each([[0.04, '0.0 s'], [42.4, '42 s'], [185, '3 min 05 s'], [7620, '2 h 07 min']])('of %d s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })
})
