import { describe, expect, it } from 'vitest'
import { studyPage } from '../../../src/pipeline/study/study-page.ts'
import { studyPlots } from '../../../src/pipeline/study/study-plots.ts'
import type { FinishedRow, ToldRow } from '../../../src/pipeline/study/study-rows.ts'
import type { Study } from '../../../src/pipeline/study/study.ts'

const study: Study = {
  name: 'tiny',
  title: 'A tiny study',
  intro: ['Read this first.'],
  rows: [],
  sections: [
    { id: 'main', title: 'Main', text: 'Rows.', kind: 'metrics', plot: 'dots' },
    {
      id: 'sweep',
      title: 'Sweep',
      text: 'One seed.',
      kind: 'metrics',
      plot: 'line',
      paper: [{ title: 'Theirs', rows: [['', 'Cloth'], ['LLM4CDSR', '.8018']] }],
    },
    { id: 'groups', title: 'Groups', text: 'By length.', kind: 'groups' },
    { id: 'cost', title: 'Cost', text: 'Seconds.', kind: 'cost' },
  ],
}

const finished = (ndcg10: number): FinishedRow => {
  const figures = { users: 10, hr10: { mean: 0.5 }, ndcg10: { mean: ndcg10, deviation: 0.01 } }
  return {
    full: { all: figures, sport: figures },
    groups: { inputLength: { '<5': figures }, domainsInInput: {}, targetPopularity: {} },
    cost: { backend: 'native', machine: 'small, 2 cores', parameters: 12, users: 10, domains: 1, seconds: 0.5 },
  }
}
const rows: ToldRow[] = [
  { section: 'main', name: 'ours', seeds: 3, finished: finished(0.25) },
  { section: 'main', name: 'half', seeds: 3, done: 2, finished: finished(0.125) },
  { section: 'main', name: 'slow', seeds: 3, done: 0 },
  { section: 'main', name: 'bad', seeds: 3, failed: 'training_diverged' },
  { section: 'sweep', name: 'alpha 1', seeds: 1, done: 0, x: 1 },
]

describe('the page of a study', () => {
  const page = studyPage({ study, rows, command: 'npm run study -- tiny', left: 2, pictures: 'tiny' })

  it('shows what is done and of how many seeds, leaves empty what is not, and says why a row failed', () => {
    expect(page).toContain('| ours | 3 | 0.5000 | 0.2500 ± 0.0100 | 0.5000 | 0.2500 ± 0.0100 |')
    expect(page).toContain('| half | 2 of 3 | 0.5000 | 0.1250 ± 0.0100 |')
    expect(page).toContain('| slow | 0 of 3 |  |  |  |  |')
    expect(page).toContain('| bad | 3 | training_diverged |')
    expect(page).toContain('**2 cells of this study are not trained yet**')
    expect(page).toContain('| users |  | 10 |  | 10 |  |')
    expect(page).not.toContain('without weights')
  })

  it('says where the figures of each cell are kept, and what that means for the command', () => {
    const kept = studyPage({ study, rows, command: 'npm run study -- tiny', left: 2, pictures: 'tiny', kept: 'tiny/cells' })
    expect(kept).toContain('lies in `tiny/cells`, without weights')
  })

  it('tells of groups and costs of the main rows, and of the paper\'s own figures', () => {
    expect(page).toContain('| ours | 0.2500 ± 0.0100 |\n| half | 0.1250 ± 0.0100 |\n| slow |  |')
    expect(page).toContain('| ours | 12 | 0.50 | native | small, 2 cores |')
    expect(page).toContain('*Theirs*\n\n|  | Cloth |')
  })

  it('has a picture only where there is something to draw', () => {
    expect(page).toContain('](tiny/main.svg)')
    expect(page).not.toContain('sweep.svg')
    expect(studyPlots(study, rows).map(({ name }) => name)).toEqual(['main'])
    const more = [...rows, { section: 'sweep', name: 'alpha 2', seeds: 1, x: 2, finished: finished(0.3) }]
    expect(studyPlots(study, more).map(({ name }) => name)).toEqual(['main', 'sweep'])
  })
})
