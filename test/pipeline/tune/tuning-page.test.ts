import { describe, expect, it } from 'vitest'
import type { Tuning } from '../../../src/pipeline/tune/tuning-file.ts'
import { chosenSettings } from '../../../src/pipeline/tune/tuning-file.ts'
import { renderTuning } from '../../../src/pipeline/tune/tuning-page.ts'
import { searchTitle, tuningPlot } from '../../../src/pipeline/tune/tuning-plot.ts'

const outcome = (validationNdcg10: number, bestEpoch: number, epochs: number) =>
  ({ epochs, bestEpoch, validationNdcg10 })
const tuning: Tuning = {
  format: 1,
  data: 'shop',
  embeddings: 'ab'.repeat(32),
  seed: 42,
  backend: 'native',
  contestants: {
    gru4rec: {
      chosen: 2,
      configurations: [
        { number: 0, settings: {}, first: outcome(0.01, 6, 6), full: outcome(0.02, 12, 18) },
        { number: 1, settings: { dropout: 0.5, layers: 1 }, first: outcome(0.012, 6, 6) },
        { number: 2, settings: { dropout: 0.5, layers: 2 }, first: outcome(0.016, 6, 6), full: outcome(0.03, 9, 15) },
        { number: 3, settings: { dropout: 0.1, layers: 2 }, failed: 'training_diverged' },
      ],
    },
    bert4rec: { configurations: [{ number: 0, settings: {} }] },
  },
}

describe('the page of a search', () => {
  const text = renderTuning(tuning, 'npm run tune -- --data shop', 'shop.svg')
  const line = (start: string): string[] => text.split('\n').find((each) => each.startsWith(start))!.split(' | ')

  it('lists every configuration with what came of it, and marks the one chosen', () => {
    expect(line('| **2**')).toEqual(['| **2**', '0.5', '2', '0.0160', '0.0300', '9 of 15 |'])
    expect(line('| 1 ')).toEqual(['| 1', '0.5', '1', '0.0120', '', ' |'])
    expect(line('| 3 ')).toContain('training_diverged')
    expect(text).toContain('Chosen: **2** (dropout 0.5, layers 2), validation NDCG@10 0.0300; the preset has 0.0200.')
  })

  it('says what each value came to, from those that were drawn and trained', () => {
    expect(text).toContain('dropout 0.5: 0.0140 (2); layers 1: 0.0120 (1), 2: 0.0160 (1).')
  })

  it('says so where nothing is chosen yet', () => {
    expect(text).toContain('## bert4rec\n\nNothing is chosen yet')
  })
})

describe('the picture of a search', () => {
  it('has a dot for each training, and again for the preset and for what was chosen', () => {
    const svg = tuningPlot(tuning)
    // The last four are the legend's.
    expect(svg.match(/class="mark"/g)).toHaveLength(3 + 2 + 1 + 1 + 4)
    expect(svg).toContain('gru4rec: 3 of first round from 0.01 to 0.016, 2 of to the end from 0.02 to 0.03, ' +
      'the preset 0.02, chosen 0.03. bert4rec: nothing measured.')
    expect(renderTuning(tuning, 'x', 'shop.svg')).toContain(`![${searchTitle(tuning)}](shop.svg)`)
  })
})

describe('the settings chosen for a contestant', () => {
  it('are those of its configuration, and none where nothing was chosen or tuned', () => {
    expect(chosenSettings(tuning, 'gru4rec')).toEqual({ dropout: 0.5, layers: 2 })
    expect(chosenSettings(tuning, 'bert4rec')).toEqual({})
    expect(chosenSettings(tuning, 'sasrec-ids')).toEqual({})
    expect(chosenSettings(undefined, 'gru4rec')).toEqual({})
  })
})
