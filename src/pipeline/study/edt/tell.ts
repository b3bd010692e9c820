import { NOTHING_YET } from '../study-page.ts'
import type { StudyCame, Teller, ToldSection } from '../study.ts'
import { oneCase } from './case.ts'
import { finetuned } from './finetuned.ts'
import { overlap } from './overlap.ts'
import { paired } from './paired.ts'
import { similarity } from './similarity.ts'
import { spent } from './spent.ts'
import { synthetic } from './synthetic.ts'

/** By the id of the section that it fills; undefined as long as what it rests on is not finished. */
const TELLERS: Readonly<Record<string, (came: StudyCame) => Promise<ToldSection | undefined>>> = {
  paired, finetune: finetuned, inputs: synthetic, similarity, overlap, case: oneCase, spent,
}

/** What the page of LLM-EDT tells beyond tables of metrics. */
export const tellEdt: Teller = async (came) => {
  const told = new Map<string, ToldSection>()
  for (const [id, tell] of Object.entries(TELLERS)) told.set(id, await tell(came) ?? { parts: [NOTHING_YET] })
  return told
}
