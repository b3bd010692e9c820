import { createRandom, hash32 } from '../random.ts'
import type { Tensor, Tf } from './tf.ts'
import { masked } from './tfjs-layers.ts'

/**
 * Dropout masks cut from one resident pool of draws, at an offset that follows from seed, epoch, step and site alone:
 * nothing has to be saved for a resumed run to repeat them. Drawing each mask anew, as `tf.dropout` does, costs 30 % of
 * a step. The pool is drawn anew per epoch.
 */
export interface Dropout {
  /** Says which step follows; epochs and steps count from 0. */
  at: (epoch: number, step: number) => void
  /** x with a share `rate` of its elements zeroed and the rest scaled by 1 / (1 - rate). */
  apply: (x: Tensor, site: string) => Tensor
  /** Frees the pool. */
  dispose: () => void
}

const SMALLEST_POOL = 2 ** 22

/** The native backend cuts a slice that starts at 64 bytes or a multiple of them without a copy. */
const ALIGNED = 16

/** Dropout for training; `rate` in [0, 1). */
export function createDropout (tf: Tf, { rate, seed }: { rate: number, seed: number }): Dropout {
  let place = { epoch: 0, step: 0 }
  let pool: { tensor: Tensor, epoch: number, size: number } | undefined

  const masks = (size: number): Tensor => {
    if (pool !== undefined && pool.epoch === place.epoch && pool.size >= size) return pool.tensor
    pool?.tensor.dispose()
    const random = createRandom(seed, `dropout/${place.epoch}`)
    const kept = 1 / (1 - rate)
    // A larger pool begins with the smaller one, so that growth changes no mask.
    const draws = Float32Array.from({ length: size }, () => random.next() < rate ? 0 : kept)
    pool = { tensor: tf.keep(tf.tensor1d(draws)), epoch: place.epoch, size }
    return pool.tensor
  }

  return {
    at (epoch, step) {
      place = { epoch, step }
    },
    apply (x, site) {
      if (rate === 0) return x
      const size = Math.max(SMALLEST_POOL, 2 ** Math.ceil(Math.log2(2 * x.size)))
      const places = Math.floor((size - x.size) / ALIGNED)
      const offset = ALIGNED * (hash32(`${seed}/${place.epoch}/${place.step}/${site}`) % places)
      return masked(tf, x, () => tf.reshape(tf.slice(masks(size), [offset], [x.size]), x.shape))
    },
    dispose () {
      pool?.tensor.dispose()
      pool = undefined
    },
  }
}

/** One rate at sites whose names begin with `prefix`, another at all others. */
export function dropoutAt (prefix: string, there: Dropout, elsewhere: Dropout): Dropout {
  return {
    at (epoch, step) {
      there.at(epoch, step)
      elsewhere.at(epoch, step)
    },
    apply: (x, site) => (site.startsWith(prefix) ? there : elsewhere).apply(x, site),
    dispose () {
      there.dispose()
      elsewhere.dispose()
    },
  }
}
