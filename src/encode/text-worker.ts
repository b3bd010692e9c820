import type { MessagePort } from 'node:worker_threads'
import { parentPort } from 'node:worker_threads'
import { faultOf } from '../errors.ts'
import type { TextEmbedder } from '../llm/embedder.ts'
import { localEmbedder } from './local-embedder.ts'
import type { TextReply, TextRequest } from './text-protocol.ts'

const FAILED = { code: 'embedder_failed', message: 'the local embedder failed' } as const

/** The thread that owns the local embedder, so that no text is ever encoded on the HTTP thread. */
async function serve (port: MessagePort): Promise<void> {
  const send = (reply: TextReply, transfer: ArrayBuffer[] = []): void => port.postMessage(reply, transfer)
  const embedder = await localEmbedder().catch((error: unknown) => {
    send({ kind: 'refused', fault: faultOf(error, FAILED) })
  })
  if (!embedder) return

  let running: { readonly id: number, readonly controller: AbortController } | undefined
  port.on('message', (request: TextRequest) => {
    if (request.kind === 'close') {
      embedder.close().then(() => port.close())
    } else if (request.kind === 'cancel') {
      if (running?.id === request.id) running.controller.abort()
    } else {
      const controller = new AbortController()
      running = { id: request.id, controller }
      answer(embedder, request, controller.signal).then((reply) =>
        // A row matrix of ours spans its buffer, which is moved and not copied.
        send(reply, reply.kind === 'rows' ? [reply.rows.buffer as ArrayBuffer] : []))
    }
  })
  send({ kind: 'ready', embedder: embedder.id, width: embedder.width })

  async function answer (
    embedder: TextEmbedder, { id, texts, progress }: TextRequest & { kind: 'embed' }, signal: AbortSignal
  ): Promise<TextReply> {
    try {
      const onProgress = (done: number): void => send({ kind: 'progress', id, done })
      return { kind: 'rows', id, rows: await embedder.embed(texts, { signal, ...(progress && { onProgress }) }) }
    } catch (error) {
      return { kind: 'failed', id, fault: faultOf(error, FAILED) }
    }
  }
}

if (parentPort !== null) await serve(parentPort)
