import { expect } from 'vitest'
import type { Weights } from '../../src/nn/ops.ts'
import type { Tensor, Tf } from '../../src/nn/tf.ts'

/** Weights as tensors. */
export function leavesOf (tf: Tf, weights: Weights): Map<string, Tensor> {
  return new Map([...weights].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]))
}

/** The largest absolute difference of two lists of one length. */
export function largestGap (left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length)
  return Array.from(left).reduce((gap, value, i) => {
    // NaN would vanish in Math.max against a number only on one side; make it visible.
    const here = Math.abs(value - right[i]!)
    return Number.isNaN(here) ? Infinity : Math.max(gap, here)
  }, 0)
}

/** Nested lists of numbers, up to three deep, or their flat form. */
export type Wanted = readonly unknown[] | Float32Array

export function expectClose (actual: Tensor | ArrayLike<number>, wanted: Wanted, tolerance: number): void {
  const left = 'dataSync' in actual ? actual.dataSync() : actual
  const right = wanted instanceof Float32Array ? wanted : wanted.flat(3) as number[]
  expect(largestGap(left, right)).toBeLessThanOrEqual(tolerance)
}
