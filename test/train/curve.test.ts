import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { curveColumn, curveCsv, curveSvg } from '../../src/train/curve.ts'
import { progressReporter } from '../../src/train/reporter.ts'

const ROWS = [
  { epoch: 1, losses: { loss: 3, 'rec.<a>': 2 }, metrics: { ndcg10: 0.01 } },
  { epoch: 2, losses: { loss: 2.5, 'rec.<a>': 1.5 }, metrics: { ndcg10: 0.03 } },
  { epoch: 3, losses: { loss: 2.25, 'rec.<a>': 1 }, metrics: { ndcg10: 0.02 } },
]

describe('a training curve', () => {
  it('is a table with a line an epoch', () => {
    expect(curveCsv(ROWS)).toBe('epoch,loss,rec.<a>,ndcg10\n1,3,2,0.01\n2,2.5,1.5,0.03\n3,2.25,1,0.02\n')
  })

  it('is read again by the name of a column, without the rows that have nothing there', () => {
    const csv = curveCsv([...ROWS, { epoch: 4, losses: { loss: 2, 'rec.<a>': 1 }, metrics: {} }])
    expect(curveColumn(csv, 'ndcg10')).toEqual(ROWS.map(({ epoch, metrics: { ndcg10 } }) => ({ epoch, value: ndcg10 })))
    expect(curveColumn(csv, 'nothing')).toEqual([])
  })

  it('is a picture with a line for each figure and a mark at the best epoch', () => {
    const picture = curveSvg(ROWS, 2)
    expect(picture.match(/<polyline/g)).toHaveLength(3)
    expect(picture.match(/stroke-dasharray/g)).toHaveLength(2)
    expect(picture).not.toMatch(/<a>|NaN|Infinity|undefined/)
  })

  it('is drawn for a single epoch too', () => {
    expect(curveSvg(ROWS.slice(0, 1), 1)).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('the progress of training', () => {
  it('is a line an epoch, which ends with what validation said', () => {
    let text = ''
    const out = new Writable({ write (chunk: Buffer, _, done) { text += chunk.toString(); done() } })
    const reporter = progressReporter(3, { out })
    reporter.epochStarts(2, 10, 4)
    reporter.stepDone(5, 2.5)
    reporter.epochEnds(ROWS[1]!, { epoch: 2, ndcg10: 0.03, weights: new Map() }, 12)
    const [running, ended] = text.split('\n')
    expect(running).toMatch(/^epoch 2\/3 17 % \(1\/6 steps(, .*)?\) loss 2\.5000$/)
    expect(ended).toMatch(/^epoch 2\/3 done in .*: loss 2\.5000, validation NDCG@10 0\.0300/)
    expect(ended).toContain('(best 0.0300 in epoch 2)')
    expect(ended).toMatch(/, at most 12 s left$/)
  })
})
