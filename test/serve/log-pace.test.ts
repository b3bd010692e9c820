import { expect, it } from 'vitest'
import { createLogPace } from '../../src/serve/log-pace.ts'

it('refusals get a line a second of each code, a full store one a minute, which say how many went without', () => {
  let time = 0
  const pace = createLogPace(() => time)
  expect([pace('overloaded'), pace('overloaded'), pace('store_full'), pace('overloaded')]).toEqual([0, undefined, 0, undefined])
  time = 1000
  expect([pace('overloaded'), pace('store_full')]).toEqual([2, undefined])
  time = 60_000
  expect([pace('overloaded'), pace('store_full'), pace('store_full')]).toEqual([0, 1, undefined])
})
