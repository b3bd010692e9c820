/**
 * LLM4CDSR without one of its parts (Table 3 of its paper), as settings. The paper's sixth, without clusters, changes
 * the profiles and nothing here.
 */
export const ABLATIONS = {
  /** Both kinds of item vectors from scratch. */
  unified: { globalItems: 'ids', localInit: 'random' },
  profile: { beta: 0 },
  reg: { alpha: 0 },
  init: { localInit: 'random' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>

export type Ablation = keyof typeof ABLATIONS
