/**
 * The codes an Isthmus error may carry: stable, in snake_case, listed for readers in docs/reference/errors.md.
 * The HTTP status of those that reach a client is in src/serve/problems.ts.
 */
export const ERROR_CODES = [
  // Configuration, artefacts, files: end a process with EXIT_REFUSED.
  'config_invalid',
  'artefact_missing',
  'artefact_invalid',
  'artefact_checksum_mismatch',
  'artefact_path_invalid',
  'format_unsupported',
  'backend_unavailable',
  'provider_unavailable',
  'index_driver_unavailable',
  // Models of a running service.
  'bundle_refused',
  'insufficient_memory',
  'models_fixed',
  'older_version',
  'reload_in_progress',
  'variants_differ',
  'domains_fixed',
  'too_many_domains',
  // Offline data and training.
  'input_missing',
  'input_unreadable',
  'column_missing',
  'too_many_bad_rows',
  'dataset_empty',
  'item_in_two_domains',
  'checkpoint_mismatch',
  'training_diverged',
  'scores_not_finite',
  'interrupted',
  // Language models.
  'embedder_failed',
  'embedding_bad_response',
  'chat_failed',
  'chat_bad_response',
  'budget_exhausted',
  // Engine.
  'engine_bad_output',
  'engine_unavailable',
  // State.
  'store_locked',
  'store_full',
  'store_timeout',
  'store_overloaded',
  'store_unavailable',
  'store_corrupt',
  // What a caller of the service did.
  'unauthorized',
  'forbidden',
  'rate_limited',
  'validation_failed',
  'malformed_json',
  'malformed_http',
  'empty_body',
  'json_too_deep',
  'bad_url',
  'bad_header',
  'unknown_domain',
  'not_found',
  'method_not_allowed',
  'conflict',
  'embedding_model_mismatch',
  'embedding_budget_exhausted',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'unsupported_encoding',
  'expectation_failed',
  'headers_too_large',
  // The service itself.
  'overloaded',
  'deadline_exceeded',
  'shutting_down',
  'internal',
] as const

export type ErrorCode = typeof ERROR_CODES[number]

/** Where a fault lies, as far as it is known. Never holds an input's value. */
export interface ErrorPlace {
  readonly field?: string
  readonly file?: string
  readonly line?: number
}

/** Every error we mean. `code` is the contract; `message` is for people and logs. */
export class IsthmusError extends Error {
  readonly code: ErrorCode
  readonly place: ErrorPlace

  constructor (code: ErrorCode, message: string, options: { cause?: unknown, place?: ErrorPlace } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'IsthmusError'
    this.code = code
    this.place = options.place ?? {}
  }
}

/** Refuses a setting by its name: throws `config_invalid`. @param what is said of it, e.g. `is a whole number` */
export function refuseSetting (field: string, what: string): never {
  throw new IsthmusError('config_invalid', `${field} ${what}`, { place: { field } })
}

/** An error in a form that survives the way between threads. */
export interface Fault {
  readonly code: ErrorCode
  readonly message: string
  readonly place: ErrorPlace
}

/** @param fallback what is told of an error that is none of ours; its own message unless given */
export function faultOf (error: unknown, fallback?: Pick<Fault, 'code' | 'message'>): Fault {
  if (error instanceof IsthmusError) return { code: error.code, message: error.message, place: error.place }
  const { code, message } = fallback ??
    { code: 'internal', message: error instanceof Error ? error.message : String(error) }
  return { code, message, place: {} }
}

/** The error that another thread told of. */
export function errorOf ({ code, message, place }: Fault): IsthmusError {
  return new IsthmusError(code, message, { place })
}

/** Exit statuses (sysexits.h): a lock held elsewhere, and a configuration or artefact refused at start. */
export const EXIT_TEMPORARY = 75
export const EXIT_REFUSED = 78

/** The exit status of a process that ends with `error`. */
export function exitStatus (error: unknown): number {
  if (!(error instanceof IsthmusError)) return 1
  if (error.code === 'store_locked') return EXIT_TEMPORARY
  if (error.code === 'interrupted') return 130
  return REFUSED.has(error.code) ? EXIT_REFUSED : 1
}

const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'config_invalid', 'artefact_missing', 'artefact_invalid', 'artefact_checksum_mismatch', 'artefact_path_invalid',
  'format_unsupported', 'backend_unavailable', 'provider_unavailable', 'index_driver_unavailable', 'store_corrupt',
  'insufficient_memory',
])
