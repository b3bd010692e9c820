/**
 * Numbers that only grow: unix microseconds where the clock allows it, one more than the last (or than one seen
 * elsewhere) where it does not. Two instances so agree on what came after what, whatever their clocks say.
 */
export interface Clock {
  /** @param after the result is greater than this as well */
  next: (after?: number) => number
}

/** @param now unix milliseconds */
export function createClock (now: () => number): Clock {
  let last = 0
  return {
    next (after = 0) {
      last = Math.max(last + 1, after + 1, now() * 1000)
      return last
    },
  }
}

const DIGITS = 16
const STAMP = /^(\d{16})\.([0-9a-f]{8})$/

/** A time and the instance that gave it, as text that sorts: no two writes have the same. */
export function stamp (time: number, instance: string): string {
  return `${String(time).padStart(DIGITS, '0')}.${instance}`
}

export function isStamp (text: string): boolean {
  return STAMP.test(text)
}

/** The time of a stamp; 0 of none. */
export function timeOf (text: string | undefined): number {
  return Number(STAMP.exec(text ?? '')?.[1] ?? 0)
}

/** Of what was written before there were stamps: anything else is newer. */
export const NO_STAMP = stamp(0, '00000000')
