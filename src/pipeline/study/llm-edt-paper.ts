import type { PaperTable } from './study.ts'

/** The paper's own figures (LLM-EDT, KDD 2026), by section of our page. */
export const EDT_TABLES = {
  main: [{
    title: 'Table 1 of the paper, systems that are here too: HR@10 / NDCG@10',
    rows: [
      ['', 'Cloth', 'Sport', 'Electronic', 'Phone', 'Food', 'Kitchen'],
      ['GRU4Rec', '.5632 / .5117', '.5536 / .4769', '.3187 / .1835', '.3079 / .1701', '.2916 / .1740', '.3911 / .2894'],
      ['BERT4Rec', '.6239 / .5583', '.5372 / .4525', '.3272 / .1871', '.2967 / .1694', '.3025 / .1869', '.4087 / .3094'],
      ['SASRec', '.7081 / .6499', '.5911 / .4872', '.3501 / .2194', '.3212 / .1979', '.3250 / .2078', '.4211 / .3208'],
      ['LLM4CDSR', '.7882 / .7205', '.7021 / .6249', '.4818 / .3277', '.3423 / .2229', '.3976 / .2702', '.4901 / .3768'],
      ['LLM-EDT', '.8104 / .7488', '.7649 / .6848', '.5289 / .3775', '.4553 / .3041', '.4349 / .3109', '.5406 / .4236'],
    ],
  }],
  ablations: [{
    title: 'Tables 2 and 8 of the paper, Cloth and Sport: HR@10 / NDCG@10',
    rows: [
      ['', 'Cloth', 'Sport'],
      ['LLM-EDT', '.8078 / .7432', '.7529 / .6779'],
      ['w/o Aug.', '.7919 / .7311', '.6854 / .6291'],
      ['w/o DFT', '.7581 / .6753', '.7049 / .6022'],
      ['w/o Profiling', '.7951 / .7377', '.7399 / .6617'],
      ['w/o Filtering', '.7724 / .7148', '.6670 / .6079'],
      ['w/o Inserting', '.7802 / .7195', '.6703 / .6214'],
      ['Random Inserting', '.7842 / .7235', '.6774 / .6377'],
      ['w/o S-R-A', '.7901 / .7321', '.7278 / .6526'],
    ],
  }],
  tau: [{
    title: 'Table 11 of the paper: HR@10 by threshold',
    rows: [['', '.85', '.90', '.95'], ['Cloth', '.8078', '.8104', '.8066'], ['Sport', '.7573', '.7649', '.7587']],
  }],
  clusters: [{
    title: 'Table 12 of the paper: HR@10 by clusters',
    rows: [['', '5', '10', '15'], ['Cloth', '.8099', '.8104', '.7924'], ['Sport', '.7487', '.7649', '.7601']],
  }],
  injection: [{
    title: 'Table 4 of the paper: HR@10 by the least domain ratio of users who get items',
    rows: [['', '.95', '.9', '0'], ['Cloth', '.7945', '.8035', '.8104'], ['Sport', '.7421', '.7589', '.7649']],
  }],
  similarity: [{
    title: 'Table 3 of the paper: cosine of profiles before and after, by injection ratio',
    rows: [['', '30 %', '60 %', '100 %'], ['Cloth-Sport', '98.76 %', '98.28 %', '97.91 %']],
  }],
  backbones: [{
    title: 'Table 10 of the paper: HR@10 / NDCG@10',
    rows: [
      ['', 'Cloth', 'Sport'],
      ['GRU4Rec', '.5632 / .5117', '.5536 / .4769'],
      ['LLM4CDSR with GRU4Rec', '.7599 / .6672', '.7055 / .6201'],
      ['LLM-EDT with GRU4Rec', '.8104 / .7226', '.7573 / .6546'],
      ['BERT4Rec', '.6239 / .5583', '.5372 / .4525'],
      ['LLM4CDSR with BERT4Rec', '.7713 / .6908', '.7035 / .6302'],
      ['LLM-EDT with BERT4Rec', '.8113 / .7409', '.7814 / .6865'],
    ],
  }],
  spent: [
    {
      title: 'Table 6 of the paper: dollars a user by DeepSeek',
      rows: [['embedding', 'generation', 'summarising'], ['0.000009', '0.000194', '0.000477']],
    },
    {
      title: 'Table 5 of the paper: HR@10 / NDCG@10 by language model, of Sport NDCG@10 alone',
      rows: [['', 'Cloth', 'Sport'], ['DeepSeek', '.8104 / .7488', '.6848'], ['GPT-3.5', '.8091 / .7452', '.6792']],
    },
  ],
  cost: [{
    title: 'Table 9 of the paper, Cloth-Sport on its GPU: all users once',
    rows: [
      ['', 'parameters', 'seconds'], ['SASRec', '3.99 M', '7.16'], ['LLM4CDSR', '7.72 M', '4.7'],
      ['LLM-EDT', '4.12 M', '4.92'],
    ],
  }],
} as const satisfies Readonly<Record<string, readonly PaperTable[]>>
