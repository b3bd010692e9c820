import type { RunningService } from './server.ts'

/** What `npm start` prints when the service can answer: where, what to try, and what is missing. */
export function welcome (service: Omit<RunningService, 'close'>, absent: readonly string[] = []): string {
  const { address, model, generated, domains, dataDir, playground, examples: { userId, itemIds } } = service
  const [domain = ''] = domains
  const history = itemIds.map((itemId) => ({ itemId }))
  const missing = [
    ...absent, ...service.missing, `Redis: not configured; histories and posted items live in ${dataDir} alone`,
  ]
  return [
    `Isthmus answers at ${address}`,
    `Serving ${model.name} ${model.version}${generated ? ' (a generated shop)' : ''}: ${domains.join(', ')}`,
    '',
    'Try a known user, a session, and nobody:',
    ...(userId === undefined ? [] : [curl(address, domain, { userId, k: 3 })]),
    curl(address, domain, { history, k: 3 }),
    curl(address, domain, { k: 3 }),
    '',
    `In a browser: ${playground ? `${address}/ to try it, ` : ''}${address}/docs`,
    'Missing:',
    ...missing.map((line) => `  ${line}`),
  ].join('\n')
}

/** Quoted for a shell: an id may hold a quote. */
function curl (address: string, domain: string, body: object): string {
  const json = JSON.stringify(body).replaceAll("'", "'\\''")
  const url = `${address}/recommend?domain=${encodeURIComponent(domain)}`
  return `  curl -s '${url}' -H 'content-type: application/json' -d '${json}'`
}
