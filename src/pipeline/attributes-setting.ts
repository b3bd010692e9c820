import { refuseSetting } from '../errors.ts'
import { ATTRIBUTES } from '../llm/item-json.ts'
import type { Attributes } from '../llm/item-json.ts'
import { oneOf } from '../systems/setting-checks.ts'

/** What of an item a prompt shows, by domain. Throws `config_invalid` with the field. */
export function attributesSetting (value: unknown): Attributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuseSetting('attributes', 'names a list of attributes for each domain')
  }
  return Object.fromEntries(Object.entries(value).map(([domain, names]: [string, unknown]) => {
    const field = `attributes.${domain}`
    if (!Array.isArray(names) || names.length === 0) return refuseSetting(field, 'is a list of attributes')
    return [domain, names.map((name: unknown) => oneOf(field, name, ATTRIBUTES))]
  }))
}
