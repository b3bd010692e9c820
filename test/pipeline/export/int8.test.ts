import { describe, expect, it } from 'vitest'
import { chooseInt8 } from '../../../src/pipeline/export/int8.ts'

const worth = (all: number, a: number, b: number) => ({ all, domains: { a, b } })
const float32 = worth(0.04, 0.06, 0.02)
const choose = (int8: ReturnType<typeof worth>, before = float32) => chooseInt8({ float32: before, int8 }, 7144)

describe('int8', () => {
  it('is taken where NDCG@10 falls by less than half a percent everywhere, or grows', () => {
    const int8 = worth(0.03981, 0.0598, 0.021)
    expect(choose(int8)).toEqual({ taken: true, limit: 0.005, users: 7144, ndcg10: { float32, int8 } })
  })

  it('is not where it falls by more over all users or in one domain, which is named', () => {
    expect(choose(worth(0.0397, 0.06, 0.02))).toMatchObject({
      taken: false, reason: 'NDCG@10 on validation falls by 0.75 % over all users',
    })
    expect(choose(worth(0.04, 0.061, 0.0198))).toMatchObject({
      taken: false, reason: 'NDCG@10 on validation falls by 1.00 % in b', ndcg10: { float32 },
    })
  })

  it('loses nothing where there was nothing', () => {
    expect(choose(worth(0.06, 0.06, 0), worth(0.06, 0.06, 0))).toMatchObject({ taken: true })
    expect(choose(worth(0, 0, 0), worth(0, 0, 0))).toMatchObject({ taken: true })
  })
})
