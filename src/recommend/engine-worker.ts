import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { OpenBundleOptions } from '../bundle/open.ts'
import { faultOf } from '../errors.ts'
import { lowerThread, raiseThread } from '../priority.ts'
import type { EngineCore, OpenEngineOptions } from './engine-core.ts'
import type {
  EngineAnswer, EngineCall, EngineReply, EngineRequest, EngineValue, EngineWorkerData
} from './engine-protocol.ts'
import { createPauses } from './pauses.ts'

/** The thread that owns one bundle: ONNX Runtime and hnswlib block whatever thread they are called on. */
async function serve (
  port: MessagePort, { bundle: path, gently = false, lowered = false, ...options }: EngineWorkerData
): Promise<void> {
  const send = (reply: EngineReply): void => port.postMessage(reply)
  const log = (message: string): void => send({ kind: 'log', message })
  if (lowered) lowerThread()
  const pause = gently ? createPauses() : undefined
  const opened = await open(path, {
    ...options, log, ...(pause && { pause, verify: 'on-read' as const }),
  }).catch((error: unknown) => {
    send({ kind: 'refused', fault: faultOf(error) })
  })
  if (opened === undefined) return
  const { engine, dir } = opened
  port.on('message', (request: EngineRequest) => {
    if (request.kind === 'promote') return raiseThread()
    if (request.kind === 'close') {
      // Nobody waits for what it takes to free a catalogue.
      lowerThread()
      engine.close().finally(() => port.close())
      return
    }
    answerAll(engine, request.calls).then((answers) => send({ kind: 'answers', answers, status: engine.status() }))
  })
  const { model, domains, opensDomains, about, embedder } = engine
  send({ kind: 'ready', dir, model, domains, opensDomains, about, embedder, status: engine.status() })
}

async function open (
  path: string, { pause = async () => {}, ...options }: OpenEngineOptions & OpenBundleOptions
): Promise<{ engine: EngineCore, dir: string }> {
  // Imported one after the other: reading and compiling code is a part of the load, too, and there are rests between.
  const { openBundle } = await import('../bundle/open.ts')
  await pause()
  const { openEngine } = await import('./engine-core.ts')
  await pause()
  const bundle = await openBundle(path, { ...options, pause })
  return { engine: await openEngine(bundle, { ...options, pause }), dir: bundle.dir }
}

/** Neighbouring recommendations are one batch; anything else is done in its place, so that a put is seen after it. */
async function answerAll (engine: EngineCore, calls: readonly EngineCall[]): Promise<EngineAnswer[]> {
  const answers: EngineAnswer[] = []
  for (let at = 0; at < calls.length;) {
    const batch = calls.slice(at, runEnd(calls, at)).flatMap((call) => call.kind === 'recommend' ? call.job : [])
    if (batch.length > 0) {
      const settled = await engine.recommendBatch(batch)
      answers.push(...settled.map((one) => 'error' in one ? { fault: faultOf(one.error) } : one))
      at += batch.length
    } else {
      answers.push(await answer(engine, calls[at]!))
      at++
    }
  }
  return answers
}

function runEnd (calls: readonly EngineCall[], from: number): number {
  let end = from
  while (calls[end]?.kind === 'recommend') end++
  return end
}

async function answer (engine: EngineCore, call: EngineCall): Promise<EngineAnswer> {
  try {
    return { value: await valueOf(engine, call) }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

async function valueOf (engine: EngineCore, call: EngineCall): Promise<EngineValue> {
  switch (call.kind) {
    case 'recommend': return await engine.recommend(call.job)
    case 'similar': return await engine.similar(call.job)
    case 'open': await engine.openDomain(call.domain); return undefined
    case 'search': return await engine.search(call.job)
    case 'chart': return await engine.chart(call.itemIds)
    case 'put': await engine.putItems(call.items); return undefined
    case 'remove': return await engine.removeItem(call.itemId)
    case 'describe': return await engine.describe(call.itemId)
  }
}

if (parentPort !== null) await serve(parentPort, workerData as EngineWorkerData)
