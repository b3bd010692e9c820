import { expect, it } from 'vitest'
import { tellInt8 } from '../../src/bundle/int8.ts'

const worth = (all: number) => ({ all, domains: { a: all } })
const ndcg10 = { float32: worth(0.04345), int8: worth(0.0431) }

it('says what int8 is worth where it is taken, and why where it is not', () => {
  expect(tellInt8({ taken: true, limit: 0.005, users: 9, ndcg10 }))
    .toBe('encoders in int8; NDCG@10 on validation is 0.04345 in float32, 0.04310 in int8')
  expect(tellInt8({ taken: false, limit: 0.005, users: 9, ndcg10, reason: 'NDCG@10 on validation falls by 0.81 % in a' }))
    .toBe('encoders in float32, though int8 was asked for: NDCG@10 on validation falls by 0.81 % in a; ' +
      'NDCG@10 on validation is 0.04345 in float32, 0.04310 in int8')
  expect(tellInt8({ taken: false, limit: 0.005, reason: 'the operator GRU has no form in int8' }))
    .toBe('encoders in float32, though int8 was asked for: the operator GRU has no form in int8')
})
