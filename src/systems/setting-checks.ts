import { IsthmusError } from '../errors.ts'

/** Refuses a value by its field: throws `config_invalid`. */
export type Check = (field: string, value: unknown) => void

/** The one of `names` that is `value`. */
export function oneOf<T extends string> (field: string, value: unknown, names: readonly T[]): T {
  return names.find((name) => name === value) ?? refuse(field, `one of ${names.join(', ')}`)
}

/** One of these. */
export function choice (...allowed: ReadonlyArray<string | boolean | number>): Check {
  return (field, value) => {
    if (!allowed.some((one) => one === value)) refuse(field, `one of ${allowed.join(', ')}`)
  }
}

/** Finite, and inside these bounds. */
export function number (least: number, most = Infinity): Check {
  return (field, value) => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most) return
    refuse(field, `a number of at least ${least}${most === Infinity ? '' : ` and at most ${most}`}`)
  }
}

/** Whole, and at least so much. */
export function integer (least: number): Check {
  return (field, value) => {
    if (!Number.isSafeInteger(value) || Number(value) < least) refuse(field, `an integer of at least ${least}`)
  }
}

/** Throws `config_invalid`, with what is wanted of the field. */
export function refuse (field: string, wanted: string): never {
  throw new IsthmusError('config_invalid', `setting "${field}": ${wanted}`, { place: { field } })
}
