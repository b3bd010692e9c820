import { APIError } from 'openai'
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import { IsthmusError } from '../errors.ts'
import { codedError, openaiClient, verdict } from './openai-client.ts'
import type { Endpoint } from './openai-client.ts'
import type { Prompt, PromptTemplate } from './prompts/template.ts'
import { withRetries } from './retry.ts'
import type { RetryOptions } from './retry.ts'
import { estimateTokens } from './tokens.ts'
import type { Usage } from './tokens.ts'

export interface OpenaiChatOptions extends Endpoint {
  readonly model: string
  readonly temperature: number
  readonly topP: number
  /** Attempts of a call after its first. */
  readonly retries?: number
  /** For one attempt, the whole answer included. */
  readonly timeoutMs?: number
  /** Tests pass another, to see what is waited. */
  readonly sleep?: NonNullable<RetryOptions['sleep']>
}

/** The settings of LLM4CDSR's published code, and a cheap model. */
export const OPENAI_CHAT = { model: 'gpt-4o-mini', temperature: 0.5, topP: 1 } as const

/** What a model said, as it is kept: a text, why it ended, and what it cost. */
export interface Reply extends Usage {
  readonly text: string
  /** `length`: cut off; `refused`: the model or a filter declined. */
  readonly finish: 'stop' | 'length' | 'refused'
}

/** One prompt after the other, without a memory. */
export interface ChatEndpoint {
  readonly id: string
  readonly model: string
  /** What decides the replies besides the prompt; a part of every key. */
  readonly scope: readonly unknown[]
  ask: (template: PromptTemplate, prompt: Prompt, signal?: AbortSignal) => Promise<Reply>
}

const ANSWER_BYTES = 1 << 20
const FAILURES = { who: 'the chat model', failed: 'chat_failed', bad: 'chat_bad_response' } as const

/** Codes by which an endpoint declines this prompt, and not us. */
export const DECLINED: ReadonlySet<string> = new Set(['content_filter', 'content_policy_violation', 'context_length_exceeded', 'invalid_prompt'])

/**
 * Chat completions of any OpenAI-compatible endpoint. The answer's schema is asked for where the endpoint takes one; it
 * stands in the prompt in any case, so that replies are the same question's either way. Status 408, 409, 429 and 5xx,
 * connections that fail and bodies that are no JSON are tried again. Errors name the status and never what was sent,
 * what was answered, or the key.
 */
export function openaiChat (options: OpenaiChatOptions): ChatEndpoint {
  const { model, temperature, topP, baseUrl, apiKey, retries = 6, timeoutMs = 120_000, sleep } = options
  const client = openaiClient({ baseUrl, apiKey, timeoutMs, maxBytes: ANSWER_BYTES, tooLarge: FAILURES.bad })
  let structured = true

  const request = async (
    template: PromptTemplate, prompt: Prompt, withSchema: boolean, signal?: AbortSignal
  ): Promise<Reply> => {
    const body = requestBody({ model, temperature, topP }, template, prompt, withSchema)
    return readReply(await client.chat.completions.create(body, { ...(signal && { signal }) }), prompt)
  }
  const once = async (template: PromptTemplate, prompt: Prompt, signal?: AbortSignal): Promise<Reply> => {
    try {
      return await request(template, prompt, structured, signal)
    } catch (error) {
      if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) throw error
      if (DECLINED.has(error.code ?? '')) return { text: '', finish: 'refused', input: 0, output: 0 }
      if (!structured) throw error
      // Perhaps it takes no schema. Where it does without, it is not asked again.
      const reply = await request(template, prompt, false, signal)
      structured = false
      return reply
    }
  }

  return {
    id: `openai/${model}`,
    model,
    scope: [baseUrl, temperature, topP],
    async ask (template, prompt, signal) {
      return await withRetries(async () => await once(template, prompt, signal), {
        retries, verdict: chatVerdict, ...(signal && { signal }), ...(sleep && { sleep }),
      }).catch((error: unknown) => { throw signal?.aborted === true ? signal.reason : codedError(error, FAILURES) })
    },
  }
}

/** The body of one request, which a line of a batch holds as well. */
export function requestBody (
  { model, temperature, topP }: Pick<OpenaiChatOptions, 'model' | 'temperature' | 'topP'>,
  { name, answer, maxTokens }: PromptTemplate, { system, user }: Prompt, withSchema: boolean
): ChatCompletionCreateParamsNonStreaming {
  return {
    model,
    messages: [{ role: 'system', content: system }, { role: 'user', content: user }],
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    ...(withSchema && {
      response_format: {
        type: 'json_schema',
        // A schema of TypeBox is a plain JSON schema; a name there takes no slash.
        json_schema: { name: name.replace('/', '-'), strict: true, schema: { ...answer } },
      },
    }),
  }
}

/** The reply in an answer of the endpoint. Throws `chat_bad_response` where it is none. */
export function readReply (answer: unknown, { system, user }: Prompt): Reply {
  const { choices, usage } = fieldsOf(answer)
  const { message, finish_reason: reason } = fieldsOf(Array.isArray(choices) ? choices[0] : undefined)
  const { content, refusal } = fieldsOf(message)
  const declined = reason === 'content_filter' || (typeof refusal === 'string' && refusal !== '')
  if (typeof content !== 'string' && !declined) {
    throw new IsthmusError('chat_bad_response', 'the chat model answered without a message')
  }
  const text = typeof content === 'string' ? content : ''
  const { prompt_tokens: input, completion_tokens: output } = fieldsOf(usage)
  return {
    text,
    finish: declined ? 'refused' : reason === 'length' ? 'length' : 'stop',
    input: isCount(input) ? input : estimateTokens(system + user),
    output: isCount(output) ? output : estimateTokens(text),
  }
}

/** What came is not trusted to be whole: a body that is no reply may be one the next time. */
function chatVerdict (error: unknown): ReturnType<RetryOptions['verdict']> {
  if (error instanceof SyntaxError) return { again: true }
  return error instanceof IsthmusError ? { again: error.code === 'chat_bad_response' } : verdict(error)
}

function fieldsOf (value: unknown): Record<string, unknown> {
  // Each member is checked where it is used.
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

function isCount (value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
