import { dotPlot } from '../../plot/dots.ts'
import type { Tuning } from './tuning-file.ts'

/** The title of the picture, which is also what stands for it on the page. */
export function searchTitle ({ data }: Pick<Tuning, 'data'>): string {
  return `The search on ${data}: validation NDCG@10 of each configuration`
}

/** A search as a picture: each contestant's configurations by what validation said after either round. */
export function tuningPlot (tuning: Tuning): string {
  const series = ['first round', 'to the end', 'the preset', 'chosen']
  return dotPlot(searchTitle(tuning), 'validation NDCG@10', series, Object.entries(tuning.contestants)
    .map(([name, { chosen, configurations }]) => ({
      name,
      dots: configurations.flatMap(({ number, first, full }) => [
        ...first === undefined ? [] : [{ series: 0, value: first.validationNdcg10 }],
        ...full === undefined
          ? []
          : [1, ...number === 0 ? [2] : [], ...number === chosen ? [3] : []].map((each) =>
              ({ series: each, value: full.validationNdcg10 })),
      ]),
    })))
}
