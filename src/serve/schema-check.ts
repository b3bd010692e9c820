import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Fault } from './problems.ts'

/** Checks values that a route takes apart itself: the parts of a batch, the lines of a stream. */
export interface Checker<T> {
  passes: (value: unknown) => value is T
  /** What is wrong with the value, as a problem says it; undefined if nothing is. */
  fault: (value: unknown, at?: string) => Fault[] | undefined
}

export function checker<T extends Static<TSchema>> (schema: TSchema): Checker<T> {
  const compiled = Compile(schema)
  return {
    passes: (value): value is T => compiled.Check(value),
    fault (value, at = '') {
      if (compiled.Check(value)) return undefined
      return compiled.Errors(value).slice(0, 1).map(({ instancePath, keyword, params }) => {
        const [missing] = 'requiredProperties' in params ? params.requiredProperties : []
        return { pointer: at + instancePath + (missing === undefined ? '' : `/${missing}`), rule: keyword }
      })
    },
  }
}
