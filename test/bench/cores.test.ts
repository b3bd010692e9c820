import { describe, expect, it } from 'vitest'
import { apartCores, cpuSeconds, onCores } from '../../bench/cores.ts'

describe('the cores of a benchmark', () => {
  it('are the last one for the load and the others for the service, or all for both', () => {
    expect(apartCores(2, true)).toEqual({ service: '0-0', load: '1' })
    expect(apartCores(8, true)).toEqual({ service: '0-6', load: '7' })
    expect(apartCores(1, true)).toEqual({})
    expect(apartCores(8, false)).toEqual({})
    expect(onCores(undefined)).toEqual([process.execPath])
    expect(onCores('0-6')).toEqual(['taskset', '--cpu-list', '0-6', process.execPath])
  })

  it('tell how much time a process took of them, where the system does', async () => {
    const before = await cpuSeconds(process.pid)
    for (const end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end;);
    const after = await cpuSeconds(process.pid)
    expect(process.platform !== 'linux' || after - before > 0).toBe(true)
    expect(await cpuSeconds(2 ** 30)).toBeNaN()
  })
})
