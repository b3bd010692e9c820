import { refuseSetting } from '../errors.ts'
import { TEMPLATES } from '../llm/item-prompt.ts'
import type { ItemPrompt } from '../llm/item-prompt.ts'

/** What decides the vectors of a catalogue, as a user gives it. The key of an endpoint is no setting. */
export interface EmbedSettings {
  /** local: the encoder in models/text-encoder. openai: an endpoint. */
  readonly embedder: 'local' | 'openai'
  /** Of `openai` only; the last two where they are not the model's and the provider's own. */
  readonly model?: string
  readonly width?: number
  readonly baseUrl?: string
  readonly prompt: Partial<ItemPrompt>
}

/**
 * Settings from flags (texts) and a config file's value; a flag wins. Fields of the file: embedder, model, width,
 * baseUrl, template, nouns. Throws `config_invalid` with the field.
 */
export function embedSettings (
  flags: Readonly<Record<string, string | undefined>>, config: unknown = {}
): EmbedSettings {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) refuseSetting('config', 'is a JSON object')
  const set = Object.entries(flags).filter(([, value]) => value !== undefined)
  const given: Record<string, unknown> = { embedder: 'local', ...config, ...Object.fromEntries(set) }
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) refuseSetting(unknown, 'is not a setting of embed')

  const { embedder, model, width, baseUrl, template, nouns } = given
  if (embedder !== 'local' && embedder !== 'openai') return refuseSetting('embedder', 'is local or openai')
  const remote = { model, width, baseUrl }
  for (const [field, value] of Object.entries(remote)) {
    if (embedder === 'local' && value !== undefined) refuseSetting(field, 'is a setting of the embedder openai')
  }
  return {
    embedder,
    ...(model !== undefined && { model: text('model', model) }),
    ...(width !== undefined && { width: count('width', width) }),
    ...(baseUrl !== undefined && { baseUrl: text('baseUrl', baseUrl) }),
    prompt: {
      ...(template !== undefined && { template: templateOf(template) }),
      ...(nouns !== undefined && { nouns: nounsOf(nouns) }),
    },
  }
}

const FIELDS = ['embedder', 'model', 'width', 'baseUrl', 'template', 'nouns']

function text (field: string, value: unknown): string {
  return typeof value === 'string' && value.trim() !== '' ? value : refuseSetting(field, 'is a text')
}

function count (field: string, value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value
  return Number.isSafeInteger(number) && Number(number) > 0 ? Number(number) : refuseSetting(field, 'is a whole number above 0')
}

function templateOf (value: unknown): ItemPrompt['template'] {
  return TEMPLATES.find((name) => name === value) ?? refuseSetting('template', `is one of ${TEMPLATES.join(', ')}`)
}

function nounsOf (value: unknown): ItemPrompt['nouns'] {
  if (typeof value !== 'object' || value === null) return refuseSetting('nouns', 'names a noun for each domain')
  return Object.fromEntries(Object.entries(value).map(([domain, noun]) => [domain, text(`nouns.${domain}`, noun)]))
}
