import { cell, GENERATED, table } from './markdown.ts'

/** The part of a JSON schema that the page shows. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly $ref?: string
  readonly [keyword: string]: unknown
}

interface Content { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly schema: Schema
  }>
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content & { readonly description?: string }>>
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
}

/** The part of an OpenAPI document that the page shows. */
export interface ApiDocument {
  readonly info: { readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const LIMITS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern'] as const

/** docs/reference/api.md, from the OpenAPI document. */
export function apiPage ({ info, paths }: ApiDocument): string {
  return `${[
    GENERATED,
    '# API',
    `${info.description ?? ''} The codes are in [errors](errors.md); the document itself is ` +
    '[openapi/openapi.json](../../openapi/openapi.json), which a running service has at `/openapi.json`, and as pages to ' +
    'try at `/docs`. [client](../../client/README.md) has types for TypeScript that are made from it.',
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => section(`${method.toUpperCase()} ${path}`, operation))),
  ].join('\n\n')}\n`
}

function section (title: string, operation: Operation): string[] {
  const { summary, description, parameters = [], requestBody, responses, security } = operation
  const scopes = [...new Set((security ?? []).flatMap((one) => Object.values(one).flat()))]
  const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const refusals = Object.keys(responses).filter((status) => !status.startsWith('2'))
  return [
    `## ${title}`,
    [`${summary ?? ''}.`, ...(description === undefined ? [] : [description]),
      scopes.length === 0 ? 'Needs no key.' : `Scope: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`].join(' '),
    ...(parameters.length === 0
      ? []
      : [table(['parameter', 'in', 'type', 'what'], parameters.map(({ name, in: where, required, description, schema }) =>
          [`\`${name}\`${required === true ? ' (required)' : ''}`, where, typeOf(schema), cell(description ?? '')]))]),
    ...Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema }]) => body(`Body, \`${type}\``, schema)),
    ...answers.flatMap(([status, { content }]) => content === undefined
      ? [`Answer ${status}, without a body.`]
      : Object.entries(content).flatMap(([type, { schema }]) => body(`Answer ${status}, \`${type}\``, schema))),
    `Otherwise ${refusals.join(', ')}, as problems.`,
  ]
}

function body (title: string, schema: Schema | undefined): string[] {
  const rows = schema === undefined ? [] : rowsOf(schema, '')
  return rows.length === 0
    ? [`${title}: ${schema === undefined ? 'text' : typeOf(schema)}.`]
    : [`${title}:`, table(['field', 'type', 'what'], rows)]
}

/** A row for every field, those of objects and lists within below it. */
function rowsOf (schema: Schema, prefix: string): string[][] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((one) => rowsOf(one, prefix))
  if (schema.items !== undefined) return rowsOf(schema.items, `${prefix}[]`)
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const required = schema.required?.includes(name) === true ? ' (required)' : ''
    return [[`\`${path}\`${required}`, typeOf(field), cell(field.description ?? '')], ...rowsOf(field, path)]
  })
}

function typeOf (schema: Schema): string {
  if (schema.$ref !== undefined) return `\`${schema.$ref.split('/').at(-1)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}${limits(schema)}`
  return `${[schema.type ?? 'anything'].flat().join(' or ')}${limits(schema)}`
}

function limits (schema: Schema): string {
  const set = LIMITS.flatMap((name) => schema[name] === undefined ? [] : [`${name} \`${cell(String(schema[name]))}\``])
  return set.length === 0 ? '' : ` (${set.join(', ')})`
}
