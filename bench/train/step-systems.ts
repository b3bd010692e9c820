/** The systems whose training step is measured, in the preset `product`; each also as a script in PyTorch. */
export const STEP_SYSTEMS = {
  llm4cdsr: { title: 'LLM4CDSR', script: 'llm4cdsr_torch.py', profiles: false },
  'llm-edt': { title: 'LLM-EDT, first phase', script: 'llm_edt_torch.py', profiles: true },
} as const satisfies Record<string, StepSystemRow>

export type StepSystem = keyof typeof STEP_SYSTEMS

interface StepSystemRow {
  readonly title: string
  /** In this folder. */
  readonly script: string
  /** Whether it is trained with profiles of its users, so that no term of its loss is left out. */
  readonly profiles: boolean
}

/** Whether the step of this system is measured. */
export function isStepSystem (system: string): system is StepSystem {
  return Object.hasOwn(STEP_SYSTEMS, system)
}
