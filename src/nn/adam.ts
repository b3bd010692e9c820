/**
 * Adam (Kingma and Ba, 2015) on plain arrays: no tensor outlives a step, and a checkpoint holds the state exactly. With
 * a weight decay it is AdamW (Loshchilov and Hutter, 2019), whose decay passes the moments by.
 */
export interface AdamSettings {
  readonly learningRate: number
  /** Decay of the mean of gradients and of the mean of their squares. */
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Times the learning rate, the share of a weight that a step takes off before it moves it. */
  readonly weightDecay: number
}

export const ADAM_DEFAULTS: AdamSettings = {
  learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0,
}

/** What Adam remembers of one weight, in its layout. */
export interface Moments {
  readonly mean: Float32Array
  readonly square: Float32Array
}

/** Everything a resumed run needs: steps taken, and moments by weight. */
export interface AdamState {
  readonly step: number
  readonly moments: ReadonlyMap<string, Moments>
}

export interface Adam {
  /** Opens a step: raises the count that corrects the moments' start at zero. Each step names a weight at most once. */
  begin: () => void
  /** Moves all of `data` in place; `gradient` has its size. */
  dense: (name: string, data: Float32Array, gradient: Float32Array) => void
  /**
   * Moves some rows of `table` [n, d] in place: `rows` are unique indices, `gradient` [rows.length, d]. Lazy: moments
   * of rows not named stay as they are, so a step costs the same for any n. A padding row must not be named.
   */
  sparse: (name: string, table: Float32Array, rows: ArrayLike<number>, gradient: Float32Array) => void
  /** The live state, not a copy. */
  state: () => AdamState
}

/** An optimiser at its start, or continuing from a state (whose arrays it takes over). */
export function createAdam (settings: Partial<AdamSettings> = {}, from?: AdamState): Adam {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = { ...ADAM_DEFAULTS, ...settings }
  const kept = 1 - learningRate * weightDecay
  const moments = new Map(from?.moments)
  let step = from?.step ?? 0

  const momentsOf = (name: string, size: number): Moments => {
    const known = moments.get(name)
    if (known !== undefined) return known
    const fresh = { mean: new Float32Array(size), square: new Float32Array(size) }
    moments.set(name, fresh)
    return fresh
  }

  /** Moves `count` elements that start at `at` in the weight and at `from` in the gradient. */
  const move = (
    { mean, square }: Moments, data: Float32Array, at: number, gradient: Float32Array, from: number, count: number
  ): void => {
    // Both sides of m / (sqrt(s) / correction + epsilon) times the correction: one division an element.
    const correction = Math.sqrt(1 - beta2 ** step)
    const rate = learningRate * correction / (1 - beta1 ** step)
    const least = epsilon * correction
    if (kept !== 1) for (let k = at; k < at + count; k++) data[k]! *= kept
    for (let k = 0; k < count; k++) {
      const slope = gradient[from + k]!
      const m = beta1 * mean[at + k]! + (1 - beta1) * slope
      const s = beta2 * square[at + k]! + (1 - beta2) * slope * slope
      mean[at + k] = m
      square[at + k] = s
      data[at + k]! -= rate * m / (Math.sqrt(s) + least)
    }
  }

  return {
    begin () {
      step++
    },
    dense (name, data, gradient) {
      move(momentsOf(name, data.length), data, 0, gradient, 0, data.length)
    },
    sparse (name, table, rows, gradient) {
      const width = gradient.length / rows.length
      const known = momentsOf(name, table.length)
      for (let r = 0; r < rows.length; r++) move(known, table, rows[r]! * width, gradient, r * width, width)
    },
    state: () => ({ step, moments }),
  }
}
