import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loadTf, type Tensor, type Tf } from '../../src/nn/tf.ts'

const before = process.env.XDG_CACHE_HOME
const empty = mkdtempSync(join(tmpdir(), 'isthmus-tf-'))

afterEach(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = before
  rmSync(empty, { recursive: true, force: true })
})

describe('loadTf', () => {
  it.each(['cpu', 'wasm'] as const)('loads %s by name and computes there', async (name) => {
    const { tf, backend, gpu, close } = await loadTf(name)
    expect({ backend, gpu, registered: tf.getBackend() }).toEqual({ backend: name, gpu: false, registered: name })
    expect(tf.tidy(() => [...tf.matMul([[1, 2]], [[3], [4]]).dataSync()])).toEqual([11])
    close()
  })

  it('loads a backend again after it was closed', async () => {
    for (let i = 0; i < 2; i++) {
      const { tf, close } = await loadTf('wasm')
      expect(tf.tidy(() => tf.add(1, i).dataSync()[0])).toBe(1 + i)
      close()
    }
  })

  it.each(['native', 'native-gpu'] as const)('refuses %s where it was not built', async (name) => {
    process.env.XDG_CACHE_HOME = empty
    await expect(loadTf(name)).rejects.toMatchObject({ code: 'backend_unavailable', message: /setup:native/ })
  })

  it('takes wasm in auto where no native addon is there', async () => {
    process.env.XDG_CACHE_HOME = empty
    const { backend, close } = await loadTf('auto')
    expect(backend).toBe('wasm')
    close()
  })
})

describe('the wasm backend', () => {
  type Compute = (tf: Tf) => Tensor
  /** What a computation gives on wasm and on cpu; it must leave nothing behind on either. */
  async function onBoth (compute: Compute): Promise<{ wasm: number[], cpu: number[] }> {
    const run = async (name: 'wasm' | 'cpu'): Promise<number[]> => {
      const { tf, close } = await loadTf(name)
      const values = tf.tidy(() => [...compute(tf).dataSync()])
      expect(tf.memory().numTensors).toBe(0)
      expect(tf.memory().numDataBuffers).toBe(0)
      close()
      return values
    }
    return { wasm: await run('wasm'), cpu: await run('cpu') }
  }
  const whole = (tf: Tf, shape: number[]): Tensor =>
    tf.reshape(tf.sub(tf.mod(tf.mul(tf.range(0, shape.reduce((a, b) => a * b)), 7), 23), 11), shape)

  const products = [[2, 3, 4], [40, 33, 35]].flatMap(([n = 0, k = 0, m = 0]) =>
    [[], [1], [3], [2, 3]].flatMap((batch) => [[false, false], [false, true], [true, false], [true, true]].map(
      ([left = false, right = false]) => ({ batch, n, k, m, left, right }))))
  it.each(products)('multiplies as cpu does: $batch x $n x $k x $m, turned $left $right', async (shape) => {
    const { batch, n, k, m, left, right } = shape
    const { wasm, cpu } = await onBoth((tf) => {
      const a = whole(tf, [...batch, ...(left ? [k, n] : [n, k])])
      const b = whole(tf, [...batch, ...(right ? [m, k] : [k, m])])
      return tf.matMul(a, b, left, right)
    })
    expect(wasm).toEqual(cpu) // whole numbers: no rounding
  })

  it('multiplies a batch by one matrix for all', async () => {
    const { wasm, cpu } = await onBoth((tf) => tf.matMul(whole(tf, [4, 40, 33]), whole(tf, [1, 33, 35])))
    expect(wasm).toEqual(cpu)
  })

  it.each([
    [[9], [2], [4]], [[4, 5], [1, 2], [2, -1]], [[4, 5], [2, 0], [2, 5]], [[3, 4, 5], [1, 1, 2], [2, 3, 2]],
    [[3, 4, 5], [0, 0, 0], [-1, -1, -1]], [[2, 3, 4, 5], [1, 0, 2, 1], [1, 3, 2, 3]],
  ])('slices %j from %j by %j as cpu does', async (shape, begin, size) => {
    const { wasm, cpu } = await onBoth((tf) => tf.slice(whole(tf, shape), begin, size))
    expect(wasm).toEqual(cpu)
  })

  it.each([
    [[5], [2, 2]], [[4, 3], [3]], [[4, 2, 3], [2, 4]],
  ])('gathers rows of %j at indices %j as cpu does', async (shape, at) => {
    const { wasm, cpu } = await onBoth((tf) => tf.gather(whole(tf, shape), tf.cast(tf.mod(whole(tf, at), 4), 'int32')))
    expect(wasm).toEqual(cpu)
  })

  it('refuses to gather a row that is not there', async () => {
    const { tf, close } = await loadTf('wasm')
    for (const row of [-1, 2]) {
      const run = (): Tensor => tf.tidy(() => tf.gather(tf.ones([2, 3]), tf.tensor1d([row], 'int32')))
      expect(run).toThrow(RangeError)
    }
    close()
  })

  it('keeps what a copy shares when the original is disposed', async () => {
    const { wasm } = await onBoth((tf) => {
      const original = tf.tensor1d([1, 2, 3])
      const copy = tf.clone(original)
      original.dispose()
      tf.fill([3], 9)
      return copy
    })
    expect(wasm).toEqual([1, 2, 3])
  })

  it('has the gradient of gather: rows used twice get both gradients', async () => {
    const { tf, close } = await loadTf('wasm')
    const gradient = tf.tidy(() => {
      const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]])
      const factors = [[[1, 1], [2, 2]], [[10, 10], [3, 3]]]
      const loss = (t: typeof table): ReturnType<typeof tf.scalar> =>
        tf.sum(tf.mul(tf.gather(t, tf.tensor2d([[2, 0], [2, 1]], [2, 2], 'int32')), factors))
      return [...tf.grad((t) => loss(t as typeof table))(table).dataSync()]
    })
    expect(gradient).toEqual([2, 2, 3, 3, 11, 11])
    close()
  })
})
