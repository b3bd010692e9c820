import type { ChatAnswer, ChatModel, ChatTask } from '../../src/llm/chat-model.ts'
import { extractiveChat } from '../../src/llm/extractive-chat.ts'
import { promptOf } from '../../src/llm/prompts/registry.ts'

export interface RememberingChat extends ChatModel { readonly asked: ChatTask[] }

/** Remembers what it was asked; gives the answers of the extractive model, or `other`. */
export function remembering (other: (task: ChatTask) => ChatAnswer | undefined = () => undefined): RememberingChat {
  const inner = extractiveChat()
  const asked: ChatTask[] = []
  return {
    ...inner,
    asked,
    async complete (tasks, options) {
      asked.push(...tasks)
      const answers = await inner.complete(tasks, options)
      return answers.map((answer, i) => other(tasks[i]!) ?? answer)
    },
  }
}

/** What it was asked, filled in. */
export function promptsOf ({ asked }: Pick<RememberingChat, 'asked'>): string[] {
  return asked.map(({ template, values }) => JSON.stringify(promptOf(template).fill(values)))
}
