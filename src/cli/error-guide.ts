import type { ErrorCode } from '../errors.ts'

export interface Guide {
  /** What happened, and what usually brings it about. */
  readonly means: string
  readonly todo: string
}

/** For each code what it means and what to do: the lines below a command's error, and docs/reference/errors.md. */
export const ERROR_GUIDE: Readonly<Record<ErrorCode, Guide>> = {
  config_invalid: {
    means: 'A flag, a variable or a field of a config file has a bad value; the message names it.',
    todo: 'Fix it.',
  },
  artefact_missing: {
    means: 'A bundle, a step\'s directory or one of their files is not there.',
    todo: 'Run the step before, or fix the path.',
  },
  artefact_invalid: { means: 'A file is not what it should be.', todo: 'Make it again.' },
  artefact_checksum_mismatch: {
    means: 'A file\'s size or hash is not that of the manifest.',
    todo: 'Copy it again, or make it again.',
  },
  artefact_path_invalid: {
    means: 'A name, link or special file leads out of the bundle.',
    todo: 'Do not use the bundle before you know why.',
  },
  format_unsupported: {
    means: 'Written by a later version, in a format this one cannot read.',
    todo: 'Update Isthmus.',
  },
  backend_unavailable: {
    means: 'The training backend asked for does not load.',
    todo: '`npm run doctor` says what is there.',
  },
  provider_unavailable: { means: '`ORT_PROVIDER=cuda`, and CUDA does not load.', todo: 'Install it, or use `auto`.' },
  index_driver_unavailable: {
    means: '`RETRIEVAL=hnsw`, and hnswlib-node or the bundle\'s index is not there; or `RETRIEVAL=cluster`, and the Redis ' +
      'servers have no vector sets (Redis 8 has), or item vectors are not of length 1.',
    todo: 'Install it with a compiler at hand, or use `auto`.',
  },
  bundle_refused: {
    means: 'The bundle cannot be loaded; what answered before goes on. `errors` has the code of the fault.',
    todo: 'Make it again, or copy it again.',
  },
  insufficient_memory: { means: 'The bundle needs more memory than there is.', todo: 'Give the process more.' },
  models_fixed: {
    means: '`BUNDLE` names one version, or its folder cannot be written.',
    todo: 'Let `BUNDLE` name the folder above, writable.',
  },
  older_version: {
    means: 'The version is older than the one that answers.',
    todo: '`POST /models/rollback`, or `allowOlder`.',
  },
  reload_in_progress: { means: 'Another version is being loaded.', todo: 'Look at `GET /models`, and wait.' },
  variants_differ: {
    means: 'Users are split between versions of the same domains and the same embedder alone.',
    todo: 'Activate one of them.',
  },
  input_missing: { means: 'No input of the wanted kind is in the folder.', todo: 'Check `--in`.' },
  input_unreadable: {
    means: 'An input cannot be read, or is damaged.',
    todo: 'Check the file that the message names.',
  },
  column_missing: { means: 'An input lacks a column.', todo: 'Add or rename it.' },
  too_many_bad_rows: {
    means: 'More than 1 % of the rows are bad.',
    todo: 'Read the reasons; `--max-bad-share` allows more.',
  },
  dataset_empty: { means: 'Nothing is left after the rules.', todo: 'Loosen `--k-core`, or check the input.' },
  domains_fixed: {
    means: 'The service may open domains, but a model that answers has its own alone.',
    todo: 'Serve an `llm-recg` bundle, or export one with this domain.',
  },
  too_many_domains: {
    means: '32 domains have been opened since the model was made.',
    todo: 'Make a bundle with some of them: `npm run add-domain`.',
  },
  item_in_two_domains: {
    means: 'The item is in another domain: an id belongs to one. In data: an id stands in two.',
    todo: 'Use another id, or delete the item first.',
  },
  checkpoint_mismatch: {
    means: 'The checkpoint is of another run.',
    todo: 'Use another `--out`, or the old settings.',
  },
  training_diverged: { means: 'The loss is no number any more.', todo: 'Lower the learning rate.' },
  scores_not_finite: { means: 'A system gave scores that are no numbers.', todo: 'Look at its training curve.' },
  interrupted: { means: 'Ctrl-C or SIGTERM.', todo: 'Run the command again: it goes on where it stopped.' },
  embedder_failed: {
    means: 'Texts could not be embedded. In the service the items wait, as `pending`.',
    todo: 'Check the endpoint or the text encoder.',
  },
  embedding_bad_response: {
    means: 'The endpoint answered something that is no embedding.',
    todo: 'Check its model and width.',
  },
  chat_failed: {
    means: 'The chat model gave no answer. What it had answered is kept.',
    todo: 'Check endpoint, key and model; the same command goes on.',
  },
  chat_bad_response: { means: 'The endpoint answered something that no chat endpoint does.', todo: 'Check its URL.' },
  budget_exhausted: {
    means: 'The next call could have passed `--max-usd`. What was answered is kept.',
    todo: 'Raise it; the same command goes on.',
  },
  engine_bad_output: { means: 'The engine gave numbers that are none.', todo: 'Look at the log and at the bundle.' },
  engine_unavailable: {
    means: 'The engine is starting again. Recommendations go on with popular items.',
    todo: 'Wait as `retry-after` says.',
  },
  store_locked: { means: 'Another process has the data folder.', todo: 'End it, or set `DATA_DIR`.' },
  store_full: {
    means: 'The disk is full. Reading and recommending go on.',
    todo: 'Free space; no restart is needed.',
  },
  store_timeout: {
    means: 'The disk took too long; whether it was written is unknown.',
    todo: 'Send the same ids again: nothing is written twice.',
  },
  store_overloaded: {
    means: 'More writes wait than the disk keeps up with.',
    todo: 'Wait, then send the same ids again.',
  },
  store_unavailable: { means: 'The store is closed or cannot be used.', todo: 'Look at the log.' },
  store_corrupt: {
    means: 'The journal is damaged or not ours.',
    todo: 'Bring back a copy, or move the folder away.',
  },
  unauthorized: {
    means: 'No key came, or none that this service knows.',
    todo: 'Send `authorization: Bearer <key>` or `x-api-key`.',
  },
  forbidden: {
    means: 'The key may not do this.',
    todo: 'Use a key with the scope; without any keys, call from the machine itself.',
  },
  rate_limited: { means: 'More requests than this caller may send.', todo: 'Wait as `retry-after` says.' },
  validation_failed: {
    means: 'The request does not fit its schema, or none of its events could be taken.',
    todo: 'Read `errors`; fix the request.',
  },
  malformed_json: {
    means: 'The body is not JSON in UTF-8, or it holds `__proto__` or `constructor.prototype` keys.',
    todo: 'Fix the body.',
  },
  malformed_http: { means: 'What came is not HTTP, or was cut.', todo: 'Look at the client or the proxy between.' },
  empty_body: { means: 'The route needs a body.', todo: 'Send at least `{}`.' },
  json_too_deep: { means: 'Arrays and objects nest more than 32 deep.', todo: 'Flatten the body.' },
  bad_url: { means: 'The URL cannot be decoded.', todo: 'Encode it.' },
  bad_header: {
    means: 'A header has a bad value, e.g. `x-request-timeout-ms` outside 10 to 5,000.',
    todo: 'Fix the header.',
  },
  unknown_domain: {
    means: 'The model has no such domain.',
    todo: '`GET /health` lists the domains, and says in `newDomains` whether items may open more.',
  },
  not_found: { means: 'No such route, item or user.', todo: 'Check the path and the id.' },
  method_not_allowed: { means: 'The path is known, the method is not.', todo: '`allow` lists what it takes.' },
  conflict: {
    means: 'Two parts of the request contradict each other, e.g. one item twice in a batch.',
    todo: 'Send each id once.',
  },
  embedding_budget_exhausted: {
    means: 'The text needs an embedding, and `EMBED_TOKENS_PER_DAY` is used up.',
    todo: 'Wait as `retry-after` says, or send `embedding`.',
  },
  embedding_model_mismatch: {
    means: 'The embedding comes from another model than the bundle uses.',
    todo: 'Embed with the manifest\'s embedder, or send the text.',
  },
  request_timeout: { means: 'The request did not arrive in time.', todo: 'Send it again, faster.' },
  body_too_large: { means: 'The body, or a line of it, is too large.', todo: 'Split it.' },
  unsupported_media_type: {
    means: 'Not `application/json` (`/items` takes `application/x-ndjson` too) in UTF-8.',
    todo: 'Set `content-type`.',
  },
  unsupported_encoding: { means: 'The body is compressed.', todo: 'Send it plain.' },
  expectation_failed: { means: 'An `expect` header other than `100-continue`.', todo: 'Leave it out.' },
  headers_too_large: { means: 'URL and headers pass 16 KiB.', todo: 'Shorten them; put ids into the body.' },
  overloaded: {
    means: 'More requests than can be answered well.',
    todo: 'Wait as `retry-after` says; add instances.',
  },
  deadline_exceeded: {
    means: 'The answer was not ready in time.',
    todo: 'Try again, or allow more with `x-request-timeout-ms`.',
  },
  shutting_down: { means: 'This instance is ending.', todo: 'Send it to another one.' },
  internal: { means: 'A bug of ours.', todo: 'Report it with the request id.' },
}
