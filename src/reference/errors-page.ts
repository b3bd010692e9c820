import { ERROR_GUIDE } from '../cli/error-guide.ts'
import { ERROR_CODES, exitStatus, IsthmusError } from '../errors.ts'
import type { EventRefusal } from '../serve/event-journal.ts'
import { isProblemCode, PROBLEMS } from '../serve/problems.ts'
import { cell, GENERATED, table } from './markdown.ts'

const EVENT_REFUSALS: Readonly<Record<EventRefusal, string>> = {
  validation_failed: 'It does not fit the schema.',
  conflict: 'Its `eventId` is known with another content.',
  future: 'Its time is more than 5 minutes ahead.',
  too_old: 'Its time is more than 7 days ago; `npm run import-events` takes old logs.',
  stuffing: 'More than 100 events of one user, item and day.',
}

const EXAMPLE = {
  type: 'urn:isthmus:error:validation_failed',
  title: PROBLEMS.validation_failed[1],
  status: PROBLEMS.validation_failed[0],
  code: 'validation_failed',
  instance: '3f0c1d1e-6a2b-4c63-9a55-0e3a6f3c9b11',
  errors: [{ pointer: '/k', rule: 'maximum' }],
}

/** docs/reference/errors.md, from the codes, their statuses and the guide. */
export function errorsPage (): string {
  const fromService = ERROR_CODES.filter((code) => isProblemCode(code))
    .sort((a, b) => PROBLEMS[a][0] - PROBLEMS[b][0])
  const fromCommands = ERROR_CODES.filter((code) => !isProblemCode(code))
    .map((code) => ({ code, status: exitStatus(new IsthmusError(code, '')) }))
    .sort((a, b) => b.status - a.status)
  const row = (code: keyof typeof ERROR_GUIDE, status: number): string[] =>
    [`\`${code}\``, String(status), cell(ERROR_GUIDE[code].means), cell(ERROR_GUIDE[code].todo)]
  return `${[
    GENERATED,
    '# Errors',
    'Every error has a *code*: stable, in snake_case, meant for programs. Texts are for people and may change.',
    '## From the service',
    'An answer that is no success is an RFC 9457 problem, `application/problem+json`:',
    `\`\`\`json\n${JSON.stringify(EXAMPLE, undefined, 2)}\n\`\`\``,
    '`instance` is the request id, which is also in the header `x-request-id` and in the log. `errors` names at most ten ' +
    'places and the rule each broke, never what was sent. With status 503 comes `retry-after`; ids make sending again safe.',
    table(['code', 'status', 'meaning', 'what to do'], fromService.map((code) => row(code, PROBLEMS[code][0]))),
    'An answer of `POST /recommend` is a 200 where the engine is late, full or down: popular items, with ' +
    '`degraded: true` and `degradedReasons`.',
    '### Events that were rejected',
    '`POST /events` answers 202 where at least one event was taken; `rejected` names the others, by index.',
    table(['code', 'meaning'], Object.entries(EVENT_REFUSALS).map(([code, means]) => [`\`${code}\``, means])),
    '## From commands',
    'A command that fails prints `<command>: <code>: <message>`, then what to do next, and ends with the exit status: 78, ' +
    'refused before anything was done; 75, try later; 130, stopped by you; 1, everything else.',
    table(['code', 'exit status', 'meaning', 'what to do'], fromCommands.map(({ code, status }) => row(code, status))),
  ].join('\n\n')}\n`
}
