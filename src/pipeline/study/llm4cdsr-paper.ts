import type { PaperTable } from './study.ts'

/** The paper's own figures (Liu et al., SIGIR 2025), by table. */
export const PAPER_TABLES = {
  main: [{
    title: 'Table 2 of the paper, systems that are here too: HR@10 / NDCG@10',
    rows: [
      ['', 'Cloth', 'Sport', 'Electronic', 'Phone', 'Book', 'Movie'],
      ['GRU4Rec', '.5806 / .5252', '.5736 / .4779', '.3225 / .1869', '.3101 / .1772', '.2101 / .1286', '.7211 / .6386'],
      ['Bert4Rec', '.6531 / .5720', '.5350 / .4514', '.3332 / .1903', '.3001 / .1714', '.2693 / .1755', '.7795 / .6144'],
      ['SASRec', '.7057 / .6543', '.5964 / .4900', '.3586 / .2234', '.3292 / .2011', '.2684 / .1740', '.7839 / .6181'],
      ['LLM4CDSR', '.8018 / .7316', '.7046 / .6312', '.4886 / .3342', '.3540 / .2249', '.5912 / .3857', '.8791 / .7820'],
    ],
  }],
  ablations: [{
    title: 'Table 3 of the paper, Cloth and Sport: HR@10 / NDCG@10',
    rows: [
      ['', 'Cloth', 'Sport'],
      ['LLM4CDSR', '.8018 / .7316', '.7046 / .6312'],
      ['w/o Unified', '.7402 / .6361', '.5992 / .5368'],
      ['w/o Profile', '.7888 / .7200', '.6842 / .6256'],
      ['w/o Reg', '.7807 / .7154', '.6830 / .6162'],
      ['w/o Cluster', '.7908 / .7206', '.6896 / .6195'],
      ['w/o Init', '.7439 / .6822', '.6829 / .6208'],
    ],
  }],
  backbones: [{
    title: 'Table 5 of the paper: HR@10 / NDCG@10',
    rows: [
      ['', 'Book', 'Movie'],
      ['GRU4Rec', '.2101 / .1286', '.7211 / .6386'],
      ['LLM4CDSR with GRU4Rec', '.2865 / .1649', '.8037 / .7083'],
      ['Bert4Rec', '.2693 / .1755', '.7795 / .6144'],
      ['LLM4CDSR with Bert4Rec', '.5559 / .4123', '.8815 / .7847'],
    ],
  }],
  cost: [{
    title: 'Table 4 of the paper, Douban on an RTX 3090: all users once',
    rows: [['', 'parameters', 'seconds'], ['SASRec', '3.99 M', '8.34'], ['LLM4CDSR', '7.72 M', '5.89']],
  }],
} as const satisfies Readonly<Record<string, readonly PaperTable[]>>
