/** SQL that gives why a value cannot be used, or NULL. The reasons name the column and never hold the value. */

/** Ids are 1 to 128 visible ASCII characters, here as in the service. */
export function idRule (column: string): string {
  return `CASE WHEN ${column} IS NULL THEN '${column} is missing'
    WHEN NOT regexp_full_match(${column}, '[\\x21-\\x7e]{1,128}')
    THEN '${column} is not 1 to 128 visible ASCII characters' END`
}

/** Domains name files of a bundle. */
export const domainRule = `CASE WHEN domain IS NULL THEN 'domain is missing'
  WHEN NOT regexp_full_match(domain, '[A-Za-z0-9][A-Za-z0-9_-]{0,63}')
  THEN 'domain is not 1 to 64 letters, digits, _ or -' END`
