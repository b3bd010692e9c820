import type { PaperTable } from './study.ts'

/** Figures of the paper (Li et al., RecSys 2025), by table. */
export const RECG_PAPER_TABLES = {
  main: [{
    title: 'Table 4 of the paper, learnt from Industrial, tested on Musical Instruments: Recall@10 in %',
    rows: [['', 'R@10'], ['SASRec, sem', '26.20'], ['SASRec, LLM-RecG', '32.16']],
  }],
  ablations: [{
    title: 'Table 6 of the paper, BERT4Rec, learnt from Industrial: Recall@10 / NDCG@10 in %',
    rows: [
      ['', 'Video Games', 'Musical Instruments'],
      ['LLM-RecG', '35.81 / 21.53', '30.10 / 17.06'],
      ['w/o IG', '32.49 / 18.36', '26.49 / 14.83'],
      ['w/o ID', '28.26 / 16.33', '20.93 / 12.17'],
      ['w/o IC', '32.74 / 19.79', '27.35 / 15.77'],
      ['w/o SG', '33.17 / 19.22', '28.63 / 16.52'],
      ['sem', '31.84 / 17.78', '24.82 / 13.28'],
    ],
  }],
} as const satisfies Readonly<Record<string, readonly PaperTable[]>>
