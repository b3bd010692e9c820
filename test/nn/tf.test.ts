import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loadTf } from '../../src/nn/tf.ts'

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
  it.each([[false, true], [true, false], [true, true]])(
    'multiplies transposed matrices (%s, %s) as cpu does', async (transposeA, transposeB) => {
      const product = async (name: 'wasm' | 'cpu'): Promise<number[]> => {
        const { tf, close } = await loadTf(name)
        const values = tf.tidy(() => {
          const a = tf.reshape(tf.range(0, 6), transposeA ? [3, 2] : [2, 3])
          const b = tf.reshape(tf.range(1, 13), transposeB ? [4, 3] : [3, 4])
          return [...tf.matMul(a, b, transposeA, transposeB).dataSync()]
        })
        expect(tf.memory().numTensors).toBe(0)
        close()
        return values
      }
      expect(await product('wasm')).toEqual(await product('cpu'))
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
