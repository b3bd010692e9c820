import { refuseSetting } from '../src/errors.ts'

/** The number that a flag gives, or `otherwise` without it. Refuses what is not above 0. */
export function above0 (field: string, given: string | undefined, otherwise: number): number {
  const value = Number(given ?? otherwise)
  return value > 0 ? value : refuseSetting(field, 'is a number above 0')
}

/** The same from `least` on, up to `most` where there is an end. */
export function atLeast (
  field: string, given: string | undefined, otherwise: number, least: number, most = Infinity
): number {
  const value = Number(given ?? otherwise)
  if (value >= least && value <= most) return value
  return refuseSetting(field, `is a number from ${least}${most === Infinity ? '' : ` to ${most}`}`)
}

/** What `--deadline` gives: milliseconds that the service takes for a request's time. */
export function deadlineOf (given: string | undefined): number {
  return atLeast('deadline', given, 250, 10, 5000)
}
