import type { Fault } from '../errors.ts'

/** What the client of the text worker sends. One job is with the worker at a time. */
export type TextRequest =
  | { readonly kind: 'embed', readonly id: number, readonly texts: readonly string[], readonly progress: boolean }
  | { readonly kind: 'cancel', readonly id: number }
  | { readonly kind: 'close' }

/** What the worker answers: `ready` or `refused` once, then one `rows` or `failed` to each job. */
export type TextReply =
  | { readonly kind: 'ready', readonly embedder: string, readonly width: number }
  | { readonly kind: 'refused', readonly fault: Fault }
  | { readonly kind: 'progress', readonly id: number, readonly done: number }
  | { readonly kind: 'rows', readonly id: number, readonly rows: Float32Array }
  | { readonly kind: 'failed', readonly id: number, readonly fault: Fault }
