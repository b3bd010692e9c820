import type { Int8Facts } from './manifest.ts'

/** What an export found out about encoders in int8, in a line for people. */
export function tellInt8 ({ taken, reason, ndcg10 }: Int8Facts): string {
  const worth = ndcg10 === undefined
    ? ''
    : `; NDCG@10 on validation is ${ndcg10.float32.all.toFixed(5)} in float32, ${ndcg10.int8.all.toFixed(5)} in int8`
  return `encoders ${taken ? 'in int8' : `in float32, though int8 was asked for: ${reason ?? 'no reason was kept'}`}${worth}`
}
