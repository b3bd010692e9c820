import { IsthmusError } from '../errors.ts'
import { DECLINED, readReply } from './openai-chat.ts'
import type { Reply } from './openai-chat.ts'

/**
 * The replies in a batch's file of answers or of errors, by the key of their request. A request that the endpoint
 * declined has one too; one that failed, or whose line is no reply, has none and is asked again.
 */
export function batchReplies (text: string): Array<{ key: string, reply: Reply }> {
  return text.split('\n').flatMap((line) => {
    const { custom_id: key, response } = fieldsOf(parsed(line))
    if (typeof key !== 'string') return []
    const { status_code: status, body } = fieldsOf(response)
    const reply = status === 200 ? replyOf(body) : declined(body)
    return reply === undefined ? [] : [{ key, reply }]
  })
}

function replyOf (body: unknown): Reply | undefined {
  try {
    return readReply(body, { system: '', user: '' })
  } catch (error) {
    if (error instanceof IsthmusError && error.code === 'chat_bad_response') return undefined
    throw error
  }
}

function declined (body: unknown): Reply | undefined {
  const { code } = fieldsOf(fieldsOf(body)['error'])
  if (typeof code !== 'string' || !DECLINED.has(code)) return undefined
  return { text: '', finish: 'refused', input: 0, output: 0 }
}

function parsed (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function fieldsOf (value: unknown): Record<string, unknown> {
  // Each member is checked where it is used.
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}
